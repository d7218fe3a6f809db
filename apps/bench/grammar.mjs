/**
 * What grammars cost, over a vocabulary of 150,000 tokens: compiling a schema, making the mask of a token along real
 * documents, and decoding with a schema beside decoding without.
 * Bars: mask p99 <= 500 microseconds, compile p99 <= 50 ms, decode >= 0.95.
 * node apps/bench/grammar.mjs [masks|decode]
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { languageModelFile } from '@trivium/nano';
import { getEngine } from '@trivium/native';
import { dataFolder, readRows, report, skip } from './lib/data.mjs';
import { engineCache } from './lib/engine-models.mjs';
import { grammarCases } from './lib/grammar-cases.mjs';
import { writeLargeTokenizer } from './lib/large-vocabulary.mjs';
import { writeRandomLlama } from './lib/random-llama.mjs';
import { randomFrom } from './lib/short-requests.mjs';

const what = process.argv[2];
const tokens = 150_000;
const compilations = 20;
const documents = 12;
const rounds = 7;
if (!existsSync(dataFolder)) skip('the vocabulary is made from the data folder');

const folder = path.join(engineCache, `llama-${tokens}`);
if (!existsSync(path.join(folder, 'model.safetensors')))
  writeRandomLlama(folder, { width: 512, ffn: 1408, layers: 6, vocabulary: tokens });
writeLargeTokenizer(folder, tokens);
const engine = getEngine();
const random = randomFrom(11);
const words = readRows('text/astro.en.jsonl')
  .slice(0, 60)
  .flatMap(({ text }) => text.split(/\s+/))
  .filter((word) => word.length > 0 && word.length < 20);

const quantile = (values, share) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
const rounded = (value, digits = 1) => Number(value.toFixed(digits));

async function measureMasks() {
  const tokenizer = await engine.loadTokenizer(folder);
  await tokenizer.compileGrammar({ type: 'choice', choices: ['x'] }); // the vocabulary's index is made once
  const rows = [];
  const all = { masks: [], compilations: [] };
  for (const { name, schema, document } of grammarCases) {
    const times = [];
    let grammar;
    for (let i = 0; i < compilations; i++) {
      const fresh = {
        type: 'json-schema',
        schema: schema === true ? { title: `${i}` } : { ...schema, title: `${i}` },
      };
      const begin = performance.now();
      grammar = await tokenizer.compileGrammar(fresh);
      times.push(performance.now() - begin);
    }
    const masks = [];
    for (let i = 0; i < documents; i++) {
      const matcher = grammar.matcher();
      for (const token of await tokenizer.encode(JSON.stringify(document(random, words)))) {
        matcher.allowed();
        masks.push(matcher.maskMs * 1000);
        if (!matcher.accept(token))
          throw new Error(`${name}: a document was refused at ${tokenizer.tokenText(token)}`);
      }
    }
    all.masks.push(...masks);
    all.compilations.push(...times);
    rows.push(figures(name, times, masks));
  }
  rows.push(figures('all', all.compilations, all.masks));
  report('Masks over a vocabulary', rows, { vocabulary: tokenizer.vocabularySize });
}

function figures(name, times, masks) {
  return {
    name,
    masks: masks.length,
    'compile p50 ms': rounded(quantile(times, 0.5), 2),
    'compile p99 ms': rounded(quantile(times, 0.99), 2),
    'mask p50 us': rounded(quantile(masks, 0.5)),
    'mask p90 us': rounded(quantile(masks, 0.9)),
    'mask p99 us': rounded(quantile(masks, 0.99)),
    'mask max us': rounded(Math.max(...masks)),
  };
}

/** Tokens a second of one sequence, greedy, since a mask makes drawing cheaper; alternating with and without, so that what else the machine does meets both. */
async function measureDecode(name, file, options) {
  const model = await engine.loadModel(file, options);
  const prompt = await model.tokenizer.encode('Write a summary of the release notes as JSON.');
  const schema = {
    type: 'object',
    properties: { notes: { type: 'array', items: { type: 'string', maxLength: 200 } } },
    required: ['notes'],
    additionalProperties: false,
  };
  const run = async (grammar) => {
    const request = { tokens: prompt, maxTokens: 240, temperature: 0, stopTokens: [], grammar };
    for await (const event of model.generate(request))
      if (event.type === 'finish')
        return {
          rate: (1000 * (event.usage.outputTokens - 1)) / event.usage.decodeMs,
          maskUs: (1000 * event.usage.maskMs) / event.usage.outputTokens,
        };
  };
  // Every round has a grammar that nothing is known of yet: its rows and masks are made while it decodes.
  const fresh = (round) =>
    model.compileGrammar({ type: 'json-schema', schema: { ...schema, title: `${round}` } });
  await run();
  await run(await fresh('warm'));
  const [withSchema, without, maskUs] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    without.push((await run()).rate);
    const masked = await run(await fresh(round));
    withSchema.push(masked.rate);
    maskUs.push(masked.maskUs);
  }
  await model.dispose();
  const ratio = quantile(
    withSchema.map((rate, i) => rate / without[i]),
    0.5,
  );
  return {
    name,
    'tokens/s without': rounded(quantile(without, 0.5)),
    'with a schema': rounded(quantile(withSchema, 0.5)),
    ratio: rounded(ratio, 3),
    'mask us/token': rounded(quantile(maskUs, 0.5)),
  };
}

if (what !== 'decode') await measureMasks();
if (what !== 'masks')
  report('Decoding with a schema', [
    await measureDecode('nano, 8,192 tokens', languageModelFile),
    await measureDecode('random llama, 150,000 tokens, Q8_0', folder, {
      quantize: 'q8_0',
      contextTokens: 1024,
    }),
  ]);
