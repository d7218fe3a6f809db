/** Generation under a grammar: it closes within every budget that holds it, whatever the sampler and whoever else runs. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GenerateOptions, type GrammarSource, getEngine, type NativeModel } from '../../lib/index.js';

const language = fileURLToPath(new URL('../../../nano/models/language.gguf', import.meta.url));
let model: NativeModel;
let prompt: Int32Array;
beforeAll(async () => {
  model = await getEngine().loadModel(language);
  prompt = await model.tokenizer.encode('Describe a container as JSON: ');
});
afterAll(() => model.dispose());

const json = (schema: unknown): GrammarSource => ({ type: 'json-schema', schema });
const schemas = {
  tree: json({
    $ref: '#/$defs/t',
    $defs: {
      t: {
        type: 'object',
        properties: { name: { type: 'string' }, children: { type: 'array', items: { $ref: '#/$defs/t' } } },
        required: ['name', 'children'],
        additionalProperties: false,
      },
    },
  }),
  any: json({ type: 'object' }),
  numbers: json({ type: 'array', items: { type: 'number', minimum: -1.5, maximum: 99 }, minItems: 3 }),
  late: json({
    type: 'object',
    properties: {
      a: { type: 'string', minLength: 3 },
      b: { type: 'array', items: { type: 'boolean' }, minItems: 6 },
    },
    required: ['a', 'b'],
  }),
};

async function generated(options: Partial<GenerateOptions>) {
  let text = '';
  for await (const event of model.generate({ tokens: prompt, maxTokens: 60, ...options })) {
    if (event.type === 'token') text += event.text;
    if (event.type === 'finish') return { text, reason: event.reason, usage: event.usage };
  }
  throw new Error('no finish');
}

describe('JSON', () => {
  test.each(Object.entries(schemas))('of schema %s closes within every budget', async (_, source) => {
    const grammar = await model.compileGrammar(source);
    const least = grammar.shortestTokens;
    for (const maxTokens of [least, least + 1, least + 2, least + 5, least + 13, 80]) {
      for (const temperature of [0, 0.8, 3]) {
        const { text, usage } = await generated({ grammar, maxTokens, temperature, seed: maxTokens });
        expect([maxTokens, temperature, text, grammar.matches(text)]).toEqual([
          maxTokens,
          temperature,
          text,
          true,
        ]);
        JSON.parse(text);
        expect(usage.outputTokens).toBeLessThanOrEqual(maxTokens);
        expect(usage.maskMs).toBeGreaterThan(0);
      }
    }
    await expect(generated({ grammar, maxTokens: least - 1 })).rejects.toMatchObject({
      code: 'invalid-argument',
      field: 'maxTokens',
      expected: `at least ${least} tokens`,
    });
  });

  test('is the same alone and beside requests with other grammars and none', async () => {
    const requests: Partial<GenerateOptions>[] = [
      ...Object.values(schemas).map((grammar, seed) => ({ grammar, temperature: 1, topP: 0.9, seed })),
      ...Object.values(schemas).map((grammar) => ({
        grammar,
        repeatPenalty: 1.2,
        topK: 40,
        temperature: 0.7,
        seed: 9,
      })),
      { temperature: 1, seed: 1 },
      { grammar: { type: 'choice', choices: ['one', 'two'] } },
    ];
    const alone = [];
    for (const request of requests) alone.push((await generated(request)).text);
    const together = await Promise.all(requests.map(async (request) => (await generated(request)).text));
    expect(together).toEqual(alone);
  });
});

describe('a grammar', () => {
  test('goes before biases and before stop tokens, which end only what is complete', async () => {
    const digit = model.tokenizer.encodeSync('7', { addSpecialTokens: false })[0]!;
    const grammar: GrammarSource = { type: 'regex', pattern: '[0-9]{4,8}' };
    const biased = await generated({ grammar, logitBias: { [digit]: 1000 }, stopTokens: [digit] });
    expect(biased.text).toMatch(/^[0-689]{4}$/);
    expect(biased.reason).toBe('stop');
    const needed = await generated({ grammar: { type: 'regex', pattern: '7{5}' }, stopTokens: [digit] });
    expect(needed).toMatchObject({ text: '77777', reason: 'stop' });
    const forbidden = Object.fromEntries(
      Array.from({ length: model.info.vocabularySize }, (_, id) => [id, Number.NEGATIVE_INFINITY]),
    );
    await expect(generated({ grammar, logitBias: forbidden })).rejects.toMatchObject({ field: 'logitBias' });
  });

  test('ends where nothing can follow, and with a stop token where something could', async () => {
    expect(await generated({ grammar: { type: 'choice', choices: ['abc'] } })).toMatchObject({
      text: 'abc',
      reason: 'stop',
    });
    const open = await generated({ grammar: { type: 'regex', pattern: 'a*' }, maxTokens: 5 });
    expect(open.text).toMatch(/^a*$/);
  });

  test('is refused by name, or when it is another model’s', async () => {
    await expect(generated({ grammar: json({ uniqueItems: true }) })).rejects.toMatchObject({
      code: 'unsupported',
      field: '/schema/uniqueItems',
    });
    await expect(generated({ grammar: { type: 'poem' } as never })).rejects.toMatchObject({
      code: 'invalid-argument',
      field: '/type',
    });
    await using other = await getEngine().loadModel(language);
    const grammar = await other.compileGrammar(schemas.any);
    await expect(generated({ grammar })).rejects.toMatchObject({
      code: 'invalid-argument',
      field: 'grammar',
    });
    await expect(generated({ grammar: { ...grammar } })).rejects.toMatchObject({
      code: 'invalid-argument',
      field: 'type' in grammar ? 'grammar' : '/type',
    });
  });

  test('is compiled once, and an abort while it is ends the generation', async () => {
    expect(await model.compileGrammar(schemas.any)).toBe(await model.compileGrammar({ ...schemas.any }));
    const abort = new AbortController();
    const running = generated({ grammar: json({ type: 'object', title: 'fresh' }), signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
  });

  test('is compiled for as long as somebody waits for it, and for nobody longer', async () => {
    // Takes all that a compilation may, which is most of a second, and is refused then.
    const pattern = (index: number) => ({ type: 'string', pattern: `^(?=.*[a-f].{11}$)(?=.*${index}).*$` });
    const properties = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [index, pattern(index)]));
    const costly = (title: string) => json({ title, type: 'object', properties });
    const leave = new AbortController();
    const { signal } = leave;
    const left = [
      model.compileGrammar(costly('one'), { signal }),
      model.tokenizer.compileGrammar(costly('one'), { signal }),
      generated({ grammar: costly('two'), signal }),
      model.compileGrammar(costly('shared'), { signal }),
    ];
    const staying = model.compileGrammar(costly('shared'));
    const returning = model.generate({ tokens: prompt, maxTokens: 9, grammar: costly('three') });
    const returned = returning.next();
    leave.abort(new Error('enough'));
    for (const one of left) await expect(one).rejects.toThrow('enough');
    await returning.return?.();
    expect(await returned).toMatchObject({ done: true });
    await expect(staying).rejects.toMatchObject({ code: 'unsupported' });
    // What was given up is no answer to who asks later.
    await expect(model.compileGrammar(costly('one'))).rejects.toMatchObject({ code: 'unsupported' });
  });

  test('takes a schema with a text that was cut in the middle of a character', async () => {
    const half = 'Is it raining 🌧'.slice(0, 15);
    const grammar = json({ type: 'object', properties: { a: { type: 'boolean', description: half } } });
    expect((await model.compileGrammar(grammar)).matches('{"a":true}')).toBe(true);
    const named = await model.compileGrammar(json({ enum: [half, String.raw`\ud83d`] }));
    expect(named.matches(JSON.stringify(half.replace(/.$/, '\ufffd')))).toBe(true);
    expect(named.matches(String.raw`"\\ud83d"`)).toBe(true);
  });

  test('ends with an error where a text has too many readings, and those beside it go on', async () => {
    const endings = ['[aeiouy ]', '[a-m]', '[acegikmoqsuwy]', '[abefijmnqruvyz]', '[abcdijklqrst]'].map(
      (letters) => `[a-z ]*${letters}[a-z ]{30}`,
    );
    const grammar = json({ type: 'string', pattern: `^(?:(?:[a-z ]?){2000}|${endings.join('|')})$` });
    const beside = generated({ grammar: schemas.late, maxTokens: 60 });
    const refusal = { code: 'unsupported', field: 'grammar' };
    await expect(generated({ grammar, maxTokens: 60 })).rejects.toMatchObject(refusal);
    await expect(generated({ grammar, maxTokens: 60 })).rejects.toMatchObject(refusal);
    expect(JSON.parse((await beside).text).b.length).toBeGreaterThanOrEqual(6);
  });

  test('is counted', () => {
    const { maskedTokens, maskMs } = getEngine().stats();
    expect(maskedTokens).toBeGreaterThan(100);
    expect(maskMs).toBeGreaterThan(0);
  });
});
