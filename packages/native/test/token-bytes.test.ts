/** What tokens stand for, of tokenizers that write them as bytes, as characters for bytes, and as words behind a mark. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { getEngine } from '../lib/index.js';

const fixtures = fileURLToPath(new URL('../tests/fixtures/', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'trivium-token-bytes-'));
afterAll(() => rmSync(scratch, { recursive: true }));

async function tokenizerOf(name: string) {
  const folder = join(scratch, name);
  cpSync(`${fixtures}parity/llama-grouped-tied`, folder, { recursive: true });
  cpSync(`${fixtures}tokenizer/${name}.json`, join(folder, 'tokenizer.json'));
  return getEngine().loadTokenizer(folder);
}

test.each([
  ['gpt2', ''],
  ['spm', ' '],
  ['unigram-bytes', ' '],
])('%s: bytes of tokens join to the text', async (name, before) => {
  const tokenizer = await tokenizerOf(name);
  const text = '你好，世界 🌍🚀 the end';
  const ids = tokenizer.encodeSync(text, { addSpecialTokens: false });
  const bytes = Array.from(ids, (id) => tokenizer.tokenBytes(id));
  expect(Buffer.concat(bytes).toString()).toBe(before + text);
  expect(bytes.some((some) => Buffer.from(some).toString().includes('\uFFFD'))).toBe(true);
});

test('an id without a token stands for none', async () => {
  const tokenizer = await tokenizerOf('spm');
  for (const id of [tokenizer.vocabularySize, 2 ** 31 - 1, -1])
    expect(tokenizer.tokenBytes(id)).toEqual(new Uint8Array());
});
