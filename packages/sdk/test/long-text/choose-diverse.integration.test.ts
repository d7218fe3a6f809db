/** The choice of a summary's sentences against the rule written out, and that others are heard while it is made. */
import { expect, test } from 'vitest';
import { normalized } from '../../src/documents/vectors.js';
import { chooseDiverse } from '../../src/long-text/choose-diverse.js';
import { createLongText } from '../../src/long-text/create-long-text.js';
import { seeded } from '../documents/fixtures.js';
import { memoryLibrary } from './fakes.js';

interface Case {
  scores: number[];
  vectors: Float32Array[];
  lengths: number[];
}

/** Every value anew in every round. */
function chooseSlowly({ scores, vectors, lengths }: Case, words: number, redundancy: number): number[] {
  const likeness = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  const chosen: number[] = [];
  const open = new Set(scores.keys());
  for (let total = 0; open.size > 0 && total < words; ) {
    const values = [...open].map((i) => {
      const like = chosen.map((other) => likeness(vectors[other]!, vectors[i]!));
      return [i, scores[i]! - redundancy * Math.max(0, ...like)] as const;
    });
    const [best] = values.reduce((most, one) => (one[1] > most[1] ? one : most));
    open.delete(best);
    const overshoot = total + lengths[best]! - words;
    if (chosen.length > 0 && overshoot > Math.max(lengths[best]! / 2, 1)) {
      if (words - total < 8) break;
      continue;
    }
    chosen.push(best);
    total += lengths[best]!;
  }
  return chosen;
}

const random = seeded(11);
const below = (count: number) => Math.floor(random() * count);

/** Vectors with many zeros or none; scores and vectors in few steps, so that many are equal. */
function randomCase(count: number, width: number, zeros: number): Case {
  const value = () => (random() < zeros ? 0 : below(5) - (zeros > 0 ? 0 : 2));
  return {
    scores: Array.from({ length: count }, () => below(8) / 2),
    vectors: Array.from({ length: count }, () => normalized(Float32Array.from({ length: width }, value))),
    lengths: Array.from({ length: count }, () => 1 + below(30)),
  };
}

test.each([
  [60, 32, 0.8],
  [60, 6, 0],
  [7, 4, 0.5],
])('chooses as the rule says, of %i with vectors of %i', async (count, width, zeros) => {
  for (let round = 0; round < 40; round++) {
    const one = randomCase(count, width, zeros);
    for (const [words, redundancy] of [
      [40, 3.4],
      [count * 8, 1],
      [Number.POSITIVE_INFINITY, 0],
    ] as const) {
      const found = await chooseDiverse(one.scores, one.vectors, one.lengths, words, redundancy);
      expect(found).toEqual(chooseSlowly(one, words, redundancy));
    }
  }
});

test('of nothing it chooses nothing', async () => {
  expect(await chooseDiverse([], [], [], 10, 1)).toEqual([]);
});

const records = (count: number) =>
  Array.from(
    { length: count },
    (_, i) => `Record ${i} of the hall names item ${(i * 7919) % 3001} and its weight.`,
  ).join(' ');

test.each([
  ['a text', {}, { text: records(6000) }],
  ['documents', { library: memoryLibrary({ 'a.md': records(3000), 'b.md': records(3000) }) }, {}],
])('others are heard while %s is summarized, an abort too', async (_, options, call) => {
  const longText = createLongText(options);
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await longText.summarize({ ...call, ratio: 0.2 });
  isOver = true;
  // In turns of a few ms; one turn where it is done in one piece.
  expect(turns).toBeGreaterThan(5);

  const gone = new AbortController();
  const summary = Promise.resolve(longText.summarize({ ...call, ratio: 0.2, signal: gone.signal }));
  setImmediate(() => gone.abort(new Error('enough')));
  await expect(summary).rejects.toThrow('enough');
});
