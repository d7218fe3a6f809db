/** Penalties and biases from TypeScript to the sampler: what they do to greedy text, and what is refused. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type GenerateOptions, getEngine } from '../lib/index.js';

const file = fileURLToPath(new URL('../tests/fixtures/parity/llama-grouped-tied', import.meta.url));
const prompt = [3, 4, 5, 6];

async function tokens(options: Partial<GenerateOptions>): Promise<number[]> {
  await using model = await getEngine().loadModel(file);
  const found: number[] = [];
  for await (const event of model.generate({ tokens: prompt, maxTokens: 32, stopTokens: [], ...options }))
    if (event.type === 'token') found.push(event.id);
  return found;
}

describe('penalties and biases', () => {
  test('change greedy text as they are defined', async () => {
    const plain = await tokens({});
    expect(new Set(plain).size).toBeLessThan(plain.length);
    expect(
      await tokens({ repeatPenalty: 1, frequencyPenalty: 0, presencePenalty: 0, logitBias: {} }),
    ).toEqual(plain);
    const once = await tokens({ presencePenalty: 1e6 });
    expect(new Set(once).size).toBe(once.length);
    // The prompt counts for the repeat penalty alone.
    const unseen = await tokens({ repeatPenalty: 1e6 });
    expect(unseen.slice(0, 8).filter((id) => prompt.includes(id))).toEqual([]);
    const forbidden = plain[0]!;
    expect(await tokens({ logitBias: { [forbidden]: Number.NEGATIVE_INFINITY } })).not.toContain(forbidden);
    expect(new Set(await tokens({ logitBias: { 7: 1e6 } }))).toEqual(new Set([7]));
  });

  test('that go beyond the numbers of logits still leave a token to draw', async () => {
    for (const temperature of [0, 1]) {
      const again = await tokens({ frequencyPenalty: -3e38, presencePenalty: -3e38, temperature, seed: 1 });
      expect(again).toEqual(Array(32).fill(again[0]));
    }
  });

  test.each([
    [{ repeatPenalty: 0 }, 'repeatPenalty'],
    [{ repeatPenalty: Number.NaN }, 'repeatPenalty'],
    [{ frequencyPenalty: Number.POSITIVE_INFINITY }, 'frequencyPenalty'],
    [{ presencePenalty: Number.NaN }, 'presencePenalty'],
    [{ logitBias: { 64: 1 } }, 'logitBias'],
    [{ logitBias: { 3: Number.NaN } }, 'logitBias'],
    [{ logitBias: { [-1]: 1 } }, 'logitBias'],
    [{ logitBias: { 4294967299: 1 } }, 'logitBias'],
  ])('%j is refused by name', async (options, field) => {
    await expect(tokens(options)).rejects.toMatchObject({ code: 'invalid-argument', field });
  });

  test.each([
    ['topK', 3_000_000_000, 0],
    ['topK', 1.5, 0],
    ['maxTokens', 2 ** 31, 1],
    ['logprobs', -1, 0],
    ['logprobs', 2 ** 32, 0],
  ])('%s %d is refused as it was written, with its limits', async (field, value, least) => {
    await expect(tokens({ [field]: value })).rejects.toMatchObject({
      code: 'invalid-argument',
      field,
      found: String(value),
      expected: `an integer from ${least} to 2147483647`,
    });
  });

  test('ids that end a text are of 32 bits, seeds of 53 and a sign', async () => {
    const wrapped = tokens({ stopTokens: [2 ** 32 + 7] });
    await expect(wrapped).rejects.toMatchObject({ field: 'stopTokens', found: '4294967303' });
    await expect(tokens({ seed: 2 ** 53 })).rejects.toMatchObject({ field: 'seed' });
    const drawn = (seed: number) => tokens({ seed, temperature: 2 });
    const [negative, again, positive] = await Promise.all([drawn(-5), drawn(-5), drawn(5)]);
    expect(negative).toEqual(again);
    expect(negative).not.toEqual(positive);
  });
});
