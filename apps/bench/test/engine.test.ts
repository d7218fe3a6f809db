import { describe, expect, test } from 'vitest';
import { divergenceOf } from '../lib/divergence.mjs';
import { measureRounds, median, pairedRatios, promptOf } from '../lib/engine-rounds.mjs';

describe('figures', () => {
  test('median of odd and even counts, whatever the order', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  test('ratios are of the same round', () => {
    expect(pairedRatios([10, 40, 90], [10, 20, 30])).toEqual({ ratio: 2, lowestRatio: 1, highestRatio: 3 });
  });

  test('no two rounds share a prompt, and a round repeats', () => {
    const prompts = Array.from({ length: 20 }, (_, round) => promptOf(round, 512, 32000));
    expect(new Set(prompts.map(([first]) => first)).size).toBe(20);
    expect(promptOf(3, 512, 32000)).toEqual(prompts[3]);
    expect(prompts.flat().every((id) => id >= 300 && id < 32000)).toBe(true);
  });
});

describe('divergence', () => {
  const row = (...logits: number[]) => Float32Array.from(logits);

  test('is nothing between logits that differ by a constant', () => {
    const { meanDivergence, topAgreement } = divergenceOf([row(1, 2, 3)], [row(11, 12, 13)]);
    expect(meanDivergence).toBeCloseTo(0, 12);
    expect(topAgreement).toBe(1);
  });

  test('is KL(truth || other), in nats', () => {
    const truth = [row(Math.log(0.5), Math.log(0.5)), row(0, 0)];
    const other = [row(Math.log(0.25), Math.log(0.75)), row(0, 0)];
    const { meanDivergence, highestDivergence, topAgreement, truthEntropy } = divergenceOf(truth, other);
    const expected = 0.5 * Math.log(2) + 0.5 * Math.log(0.5 / 0.75);
    expect(highestDivergence).toBeCloseTo(expected, 6);
    expect(meanDivergence).toBeCloseTo(expected / 2, 6);
    expect(topAgreement).toBe(0.5);
    expect(truthEntropy).toBeCloseTo(Math.log(2), 6);
  });

  test('refuses rows of different vocabularies', () => {
    expect(() => divergenceOf([row(1, 2)], [row(1)])).toThrow(/do not agree/);
  });
});

test('engines take turns over the same ids, and the first round does not count', async () => {
  const calls: string[] = [];
  const engine = (name: string) => ({
    name,
    call: async (measure: string, prompt: number[], count: number) => {
      calls.push(`${name} ${measure} ${prompt[0]}`);
      return { tokens: count, ms: 1000 };
    },
  });
  const speeds = await measureRounds([engine('a'), engine('b')], {
    rounds: 2,
    promptTokens: 512,
    vocabularySize: 1000,
  });
  expect(speeds).toEqual({
    prefill: { a: [64, 64], b: [64, 64] },
    decode: { a: [64, 64], b: [64, 64] },
  });
  const rounds = [0, 1, 2].map((round) => calls.slice(4 * round, 4 * round + 4));
  rounds.forEach((round, index) => {
    const [first] = promptOf(index, 512, 1000);
    const order = index === 1 ? ['a', 'b'] : ['b', 'a'];
    expect(round).toEqual(
      ['prefill', 'decode'].flatMap((measure) => order.map((name) => `${name} ${measure} ${first}`)),
    );
  });
});
