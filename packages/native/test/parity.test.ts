/**
 * Parity with Hugging Face transformers on the random checkpoints of scripts/fixtures-parity.py: logits within 1e-3,
 * 64 greedy tokens identical (a flip is forgiven only where the reference's top two lie within 2e-3), embeddings; on the
 * fast backend of this machine and on `ref`, the truth that it is held to; and one llama in Q4_K, Q5_K and Q6_K.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { getEngine } from '../lib/index.js';

interface Causal {
  name: string;
  gguf: boolean;
  tokens: number[];
  logits: { position: number; values: number[] }[];
  greedy: { promptTokens: number; tokens: number[]; gaps: number[] };
}
interface Encoder {
  name: string;
  gguf: boolean;
  normalized: boolean;
  texts: string[];
  ids: number[][];
  embeddings: number[][];
}

const folder = fileURLToPath(new URL('../tests/fixtures/parity/', import.meta.url));
const expected = JSON.parse(readFileSync(`${folder}expected.json`, 'utf8')) as {
  causal: Causal[];
  encoders: Encoder[];
  quantized: Pick<Causal, 'name' | 'tokens' | 'logits'>[];
};
const files = <T extends { name: string; gguf: boolean }>(cases: T[]) =>
  cases.flatMap((one) =>
    (one.gguf ? [one.name, `${one.name}.gguf`] : [one.name]).flatMap((file) =>
      (['cpu', 'ref'] as const).map((backend) => [file, backend, one] as const),
    ),
  );
const isBackend = { cpu: expect.stringMatching(/^cpu-/), ref: 'ref' };

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

describe.each(files(expected.causal))('%s on %s', (file, backend, { tokens, logits, greedy }) => {
  test('logits and greedy tokens', async () => {
    await using model = await getEngine().loadModel(folder + file, { backend });
    expect(model.info.backend).toEqual(isBackend[backend]);
    for (const { position, values } of logits) {
      const found = await model.logits(tokens.slice(0, position + 1));
      const worst = Math.max(...values.map((value, index) => Math.abs(value - found[index]!)));
      expect(worst, `largest difference at position ${position}`).toBeLessThanOrEqual(1e-3);
    }
    const prompt = tokens.slice(0, greedy.promptTokens);
    const options = { tokens: prompt, maxTokens: greedy.tokens.length, temperature: 0, stopTokens: [] };
    const found: number[] = [];
    for await (const event of model.generate(options)) if (event.type === 'token') found.push(event.id);
    const flip = greedy.tokens.findIndex((token, index) => token !== found[index]);
    if (flip >= 0) expect(greedy.gaps[flip], `first difference at ${flip}`).toBeLessThanOrEqual(2e-3);
    expect(found).toHaveLength(greedy.tokens.length);
  });
});

describe.each(expected.quantized.map((one) => [one.name, one] as const))('%s.gguf', (name, one) => {
  test('logits are near: activations have eight bits', async () => {
    await using model = await getEngine().loadModel(`${folder}${name}.gguf`);
    for (const { position, values } of one.logits) {
      const found = await model.logits(one.tokens.slice(0, position + 1));
      expect(cosine(values, found), `position ${position}`).toBeGreaterThanOrEqual(0.9995);
    }
  });
});

describe.each(files(expected.encoders))(
  '%s on %s',
  (file, backend, { texts, ids, embeddings, normalized }) => {
    test('token ids and embeddings', async () => {
      await using model = await getEngine().loadModel(folder + file, { backend });
      expect(model.info.backend).toEqual(isBackend[backend]);
      expect((await model.tokenizer.encodeBatch(texts)).map((row) => [...row])).toEqual(ids);
      const { embeddings: found, width } = await model.embed(texts);
      embeddings.forEach((values, index) => {
        const row = found.subarray(index * width, (index + 1) * width);
        expect(cosine(values, row)).toBeGreaterThanOrEqual(0.99999);
        if (normalized)
          expect(Math.max(...values.map((v, i) => Math.abs(v - row[i]!)))).toBeLessThanOrEqual(1e-4);
      });
    });
  },
);
