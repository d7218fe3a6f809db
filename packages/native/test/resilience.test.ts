/** What could take the process with it, keep a model from its other requests, or keep a disposed one alive. */
import { execFile } from 'node:child_process';
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
  await loaded.dispose();
  expect(getEngine().stats()).toMatchObject({ models: before, liveSequences: 0, queuedRequests: 0 });
  await expect(writing).rejects.toMatchObject({ code: 'disposed' });
  expect((await compiling).shortestTokens).toBeGreaterThan(0);
});

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
