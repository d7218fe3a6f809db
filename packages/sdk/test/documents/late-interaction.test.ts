/** Late interaction against its definition, with tokens whose rows are known. */
import { describe, expect, it } from 'vitest';
import { lateInteraction } from '../../src/documents/late-interaction.js';

/** A row a word: named directions and lengths; other words have no row of any length. */
const directions: Record<string, [number, number]> = {
  the: [0.1, 0],
  cat: [0, 2],
  feline: [0, 5],
  dog: [3, 4],
};

const embedder = {
  width: 2,
  async embedTokens(texts: readonly string[]) {
    const words = texts.map((text) => text.split(' ').filter(Boolean));
    const offsets = new Int32Array(texts.length + 1);
    words.forEach((list, at) => {
      offsets[at + 1] = offsets[at]! + list.length;
    });
    return { rows: Float32Array.from(words.flat().flatMap((word) => directions[word] ?? [0, 0])), offsets };
  },
};

describe('late interaction', () => {
  it('is the mean of the largest cosines, weighted by the lengths of the query\u2019s rows', async () => {
    const scores = await lateInteraction(embedder, 'the cat', ['the dog', 'feline', '', 'unknown words']);
    expect(scores[0]).toBeCloseTo((0.1 * 1 + 2 * 0.8) / 2.1, 5);
    expect(scores[1]).toBeCloseTo((0.1 * 0 + 2 * 1) / 2.1, 5);
    expect([...scores.slice(2)]).toEqual([0, 0]);
  });

  it('is 0 for a query without tokens', async () => {
    expect([...(await lateInteraction(embedder, '', ['cat']))]).toEqual([0]);
  });
});
