/** What could take the process with it, keep a model from its other requests, or keep a disposed one alive. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { getEngine } from '../lib/index.js';

const model = fileURLToPath(new URL('../tests/fixtures/parity/llama-grouped-tied.gguf', import.meta.url));
const language = fileURLToPath(new URL('../../nano/models/language.gguf', import.meta.url));

test('logits of a whole context are answered where memory holds just one, and so is what comes after', async () => {
  await using loaded = await getEngine().loadModel(model, { contextTokens: 64, maxSequences: 1 });
  const signal = AbortSignal.timeout(30_000);
  const vocabulary = loaded.info.vocabularySize;
  const whole = Array.from({ length: 64 }, (_, index) => index % vocabulary);
  expect(await loaded.logits(whole, { signal })).toHaveLength(vocabulary);
  expect(await loaded.logits([1], { signal })).toHaveLength(vocabulary);
});

test('a model is gone when its disposal is, although a grammar is still being compiled over it', async () => {
  const before = getEngine().stats().models;
  const loaded = await getEngine().loadModel(language);
  const rules = Array.from({ length: 30_000 }, (_, index) => `r${index} ::= "a" r${index + 1} "b"`);
  const grammar = ['root ::= r0', ...rules, `r${rules.length} ::= "c"`].join('\n');
  const writing = (async () => {
    for await (const _ of loaded.generate({ tokens: [5, 6, 7], maxTokens: 1000, stopTokens: [] }));
  })();
  writing.catch(() => undefined);
  const compiling = loaded.compileGrammar({ type: 'context-free', grammar });
  compiling.catch(() => undefined);
  await loaded.dispose();
  expect(getEngine().stats()).toMatchObject({ models: before, liveSequences: 0, queuedRequests: 0 });
  await expect(writing).rejects.toMatchObject({ code: 'disposed' });
  await expect(compiling).rejects.toMatchObject({ code: 'disposed' });
});

test('tokenizing ends with its signal, wherever it is asked for', async () => {
  const tokenizer = await getEngine().loadTokenizer(language);
  const long = '-'.repeat(2 ** 22);
  const leave = new AbortController();
  const { signal } = leave;
  const left = [
    tokenizer.encode(long, { signal }),
    tokenizer.encodeBatch(Array(4).fill(long), { signal }),
    tokenizer.encodeSpans(long, { signal }),
  ];
  leave.abort(new Error('enough'));
  const rejected = { status: 'rejected', reason: signal.reason };
  expect(await Promise.allSettled(left)).toEqual([rejected, rejected, rejected]);
  await expect(tokenizer.encode('a', { signal })).rejects.toThrow('enough');
  expect(await tokenizer.encode('a')).not.toHaveLength(0);
});

test('a small file whose steps would take more memory than there is is refused by name', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trivium-wide-'));
  try {
    const source = fileURLToPath(new URL('../tests/fixtures/parity/llama-yarn/', import.meta.url));
    cpSync(join(source, 'tokenizer.json'), join(folder, 'tokenizer.json'));
    // Rows of a step: 8192 of prefill and 1024 that decode, two at least as wide as the model is inside.
    const wide = Math.ceil(totalmem() / (9216 * 4 * 2));
    writeWideLlama(folder, wide);
    const { models } = getEngine().stats();
    const options = { prefillChunk: 8192, maxSequences: 1024, kvMemoryBytes: 2 ** 20 };
    await expect(getEngine().loadModel(folder, { ...options, contextTokens: 64 })).rejects.toMatchObject({
      code: 'out-of-memory',
      file: folder,
      field: 'prefillChunk',
      remedy: expect.stringContaining('maxSequences'),
    });
    expect(getEngine().stats().models).toBe(models);
    await using loaded = await getEngine().loadModel(folder, { prefillChunk: 8, maxSequences: 1 });
    expect(await loaded.logits([1, 2])).toHaveLength(64);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** A llama of one layer and two channels whose feed-forward layer has `wide` of them; all weights are 0. */
function writeWideLlama(folder: string, wide: number): void {
  const config = {
    model_type: 'llama',
    hidden_size: 2,
    vocab_size: 64,
    num_attention_heads: 1,
    num_key_value_heads: 1,
    head_dim: 2,
    intermediate_size: wide,
    num_hidden_layers: 1,
    max_position_embeddings: 256,
    tie_word_embeddings: true,
    rms_norm_eps: 1e-6,
  };
  const layer = 'model.layers.0';
  const shapes: Record<string, number[]> = {
    'model.embed_tokens.weight': [64, 2],
    'model.norm.weight': [2],
    [`${layer}.input_layernorm.weight`]: [2],
    [`${layer}.post_attention_layernorm.weight`]: [2],
    [`${layer}.mlp.gate_proj.weight`]: [wide, 2],
    [`${layer}.mlp.up_proj.weight`]: [wide, 2],
    [`${layer}.mlp.down_proj.weight`]: [2, wide],
  };
  for (const name of ['q', 'k', 'v', 'o']) shapes[`${layer}.self_attn.${name}_proj.weight`] = [2, 2];
  let end = 0;
  const tensors = Object.entries(shapes).map(([name, shape]) => {
    const begin = end;
    end += shape.reduce((all, one) => all * one) * 2;
    return [name, { dtype: 'F16', shape, data_offsets: [begin, end] }];
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(tensors)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'model.safetensors'), Buffer.concat([length, header, Buffer.alloc(end)]));
}

// Where memory can be bounded from outside: an array's length asks for 137 GB at once.
test.runIf(process.platform === 'linux')(
  'a call without the memory for it rejects, and the process lives on',
  async () => {
    const code = `
    const { getEngine } = await import(${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)});
    const tokenizer = await getEngine().loadTokenizer(${JSON.stringify(language)});
    const failure = await tokenizer.encodeBatch(new Array(2 ** 32 - 1)).catch((error) => error);
    console.log(failure.code, tokenizer.decode(tokenizer.encodeSync('yes')));`;
    const bounded = [
      '-c',
      'ulimit -v 33554432 && exec "$0" --input-type=module --eval "$1"',
      process.execPath,
      code,
    ];
    const { stdout } = await promisify(execFile)('sh', bounded, { timeout: 50_000 });
    expect(stdout).toBe('out-of-memory yes\n');
  },
);

// A race at each exit: one in ten lost it.
test('a process that exits or throws while models compute ends as it would without them', async () => {
  const code = `
    const [language, how] = process.argv.slice(1);
    const { getEngine } = await import(${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)});
    const model = await getEngine().loadModel(language);
    const tokens = Array.from({ length: 40 }, (_, index) => index);
    const writing = Array.from({ length: 8 }, (_, first) =>
      model.generate({ tokens: tokens.slice(first), maxTokens: 1000, temperature: 1, stopTokens: [] }));
    for (const one of writing) (async () => { for await (const _ of one); })();
    for (;;) if ((await writing[0].next()).value.type === 'token') break;
    if (how === 'throws') setImmediate(() => { throw new Error('on purpose'); });
    else process.exit(3);`;
  const endOf = async (how: string) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', code, language, how], {
      stdio: 'ignore',
    });
    return await once(child, 'exit');
  };
  for (let round = 0; round < 3; round += 1) {
    const ends = await Promise.all([endOf('exits'), endOf('exits'), endOf('throws')]);
    expect(ends).toEqual([
      [3, null],
      [3, null],
      [1, null],
    ]);
  }
});
