/**
 * Checkpoints whose tensors have the names of other writers, and heads that are tied, untied or absent: what they compute is
 * what transformers computes of the same folder (its figures are those of the parity fixtures that the folders are made from).
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { getEngine } from '../lib/index.js';

const fixtures = fileURLToPath(new URL('../tests/fixtures/parity/', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'trivium-checkpoint-names-'));
afterAll(() => rmSync(scratch, { recursive: true }));

type Tensors = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;

let made = 0;
/** A copy of a fixture's folder with its tensors called otherwise, one of them perhaps there a second time. */
function folder(
  fixture: string,
  rename: (name: string) => string,
  { config = {}, twice = [] }: { config?: object; twice?: [string, string] | [] } = {},
): string {
  made += 1;
  const path = join(scratch, String(made));
  cpSync(fixtures + fixture, path, { recursive: true });
  const weights = join(path, 'model.safetensors');
  const bytes = readFileSync(weights);
  const end = 8 + Number(bytes.readBigUInt64LE());
  const { __metadata__: _, ...tensors } = JSON.parse(bytes.subarray(8, end).toString()) as Tensors;
  const renamed = Object.entries(tensors).map(([name, tensor]) => [rename(name), tensor] as const);
  const data = [bytes.subarray(end)];
  const [of, copy] = twice;
  if (of !== undefined && copy !== undefined) {
    const [from, to] = tensors[of]!.data_offsets;
    const size = data[0]!.length;
    renamed.push([copy, { ...tensors[of]!, data_offsets: [size, size + to - from] }]);
    data.push(data[0]!.subarray(from, to));
  }
  const header = Buffer.from(JSON.stringify(Object.fromEntries(renamed)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  writeFileSync(weights, Buffer.concat([length, header, ...data]));
  const configPath = join(path, 'config.json');
  writeFileSync(configPath, JSON.stringify({ ...JSON.parse(readFileSync(configPath, 'utf8')), ...config }));
  return path;
}

test('norms of the first BERT checkpoints are called gamma and beta', async () => {
  const old = folder(
    'bert-mean',
    (name) =>
      `bert.${name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta')}`,
  );
  await using model = await getEngine().loadModel(old);
  await using present = await getEngine().loadModel(`${fixtures}bert-mean`);
  const texts = ['abc def', 'the quick brown fox'];
  expect((await model.embed(texts)).embeddings).toEqual((await present.embed(texts)).embeddings);
});

describe('a head', () => {
  const tokens = [5, 9, 2, 33, 17];
  async function read(path: string) {
    await using model = await getEngine().loadModel(path);
    return { logits: await model.logits(tokens), weightBytes: model.info.weightBytes };
  }
  const embedding = 'model.embed_tokens.weight';
  const head = 'lm_head.weight';
  const same = (name: string) => name;

  test('that differs from the table is the head, whatever config.json says', async () => {
    const path = folder('llama-odd-heads', same, { config: { tie_word_embeddings: true } });
    expect(await read(path)).toEqual(await read(`${fixtures}llama-odd-heads`));
  });

  test('that equals the table is tied, and held once', async () => {
    const path = folder('llama-grouped-tied', same, { twice: [embedding, head] });
    expect(await read(path)).toEqual(await read(`${fixtures}llama-grouped-tied`));
  });

  test('that is tied may be all that is kept of the two', async () => {
    const path = folder('qwen2-grouped-tied', (name) => (name === embedding ? head : name));
    expect(await read(path)).toEqual(await read(`${fixtures}qwen2-grouped-tied`));
  });

  test('that is not tied does not stand for a table', async () => {
    const path = folder('llama-odd-heads', (name) => (name === embedding ? 'table.weight' : name));
    await expect(read(path)).rejects.toMatchObject({ code: 'bad-format', field: 'embed_tokens.weight' });
  });

  test.each([false, null])('that is not there makes no language model (tied: %s)', async (tied) => {
    const path = folder(
      'mistral-window',
      (name) => (name === head ? 'score.weight' : name.replace('model.', '')),
      { config: { tie_word_embeddings: tied } },
    );
    await expect(read(path)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('language-model head'),
      field: head,
      remedy: expect.stringContaining('language model'),
    });
    expect(await getEngine().inspect(path)).toMatchObject({ supported: false });
  });
});
