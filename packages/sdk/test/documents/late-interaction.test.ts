/** What matches of tokens say, against its definitions, with tokens whose rows are known. */
import { describe, expect, it } from 'vitest';
import { interactionParts, openingParts } from '../../src/documents/late-interaction.js';
import { blockTokens, matchTokens, mostQueryTokens } from '../../src/documents/token-matches.js';

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

/** `words` after so many words that say nothing. */
const after = (count: number, words: string) => `${'um '.repeat(count)}${words}`;

describe('matches of tokens', () => {
  it('hold the largest cosine of each token in each block', async () => {
    const { weights, blocks } = await matchTokens(embedder, 'the cat', [after(blockTokens, 'dog dog the')]);
    expect([...weights].map((weight) => weight * 2.1)).toEqual([
      expect.closeTo(0.1, 5),
      expect.closeTo(2, 5),
    ]);
    expect(blocks.map((one) => [...one])).toEqual([[0, 0, 1, expect.closeTo(0.8, 5)]]);
  });

  it('hold the lesser cosine of neighbours that are met side by side', async () => {
    const { pairs } = await matchTokens(embedder, 'the cat', ['cat the', 'the dog', 'um the cat', 'the']);
    expect(pairs.map(([both]) => both)).toEqual([0, expect.closeTo(0.8, 5), 1, 0]);
  });

  it('hold how much of a passage the query covers, heavy tokens counting more', async () => {
    const { covered } = await matchTokens(embedder, 'cat', ['feline', 'dog', 'the feline', '']);
    expect([...covered]).toEqual([1, expect.closeTo(0.8, 5), expect.closeTo(5 / 5.1, 5), 0]);
  });
});

describe('late interaction', () => {
  it('is the mean of the largest cosines, weighted by the lengths of the query\u2019s rows', async () => {
    const { late } = await interactionParts(embedder, 'the cat', ['the dog', 'feline', '', 'unknown words']);
    expect(late[0]).toBeCloseTo((0.1 * 1 + 2 * 0.8) / 2.1, 5);
    expect(late[1]).toBeCloseTo((0.1 * 0 + 2 * 1) / 2.1, 5);
    expect([...late.slice(2)]).toEqual([0, 0]);
  });

  it('is 0 for a query without tokens', async () => {
    const parts = await interactionParts(embedder, '', ['cat']);
    expect(Object.values(parts).map((values) => [...values])).toEqual([[0], [0], [0]]);
  });

  it('prefers in its window tokens that stand together', async () => {
    const apart = `cat ${after(5 * blockTokens, 'the')}`;
    const together = after(4 * blockTokens, 'cat um the');
    const { late, window } = await interactionParts(embedder, 'the cat', [apart, together]);
    expect(late[0]).toBeCloseTo(late[1]!, 5);
    expect(window[0]).toBeLessThan(window[1]!);
  });

  it('weighs in its window what many passages meet as nothing', async () => {
    const { window } = await interactionParts(embedder, 'the cat', ['cat', 'cat', 'cat the']);
    expect(window[0]).toBeCloseTo(0, 3);
    expect(window[2]).toBeCloseTo(1, 3);
  });
});

describe('openings', () => {
  it('are looked through as a whole, and paragraph by paragraph both ways', async () => {
    const { late, mutual } = await openingParts(embedder, 'the cat', [['the', 'feline'], [], ['feline the']]);
    expect(late[0]).toBeCloseTo(1, 5);
    expect(late[2]).toBeCloseTo(1, 5);
    expect(mutual[0]).toBeCloseTo((2 / 2.1 + 1) / 2, 5);
    expect(mutual[2]).toBeCloseTo(1, 5);
    expect([late[1], mutual[1]]).toEqual([0, 0]);
  });
});

describe('a long query', () => {
  it('is matched by its first tokens; the others weigh and match nothing', async () => {
    const texts = ['the dog', after(20, 'feline the'), ''];
    const first = 'the cat '.repeat(mostQueryTokens / 2);
    const [long, short] = [`${first}${'dog '.repeat(2000)}`, first];
    const { weights, blocks, pairs, best, covered } = await matchTokens(embedder, long, texts);
    const known = await matchTokens(embedder, short, texts);
    const head = (values: Float32Array) => values.slice(0, mostQueryTokens);
    expect(head(weights)).toEqual(known.weights);
    expect(weights.slice(mostQueryTokens).every((weight) => weight === 0)).toBe(true);
    expect(blocks.map((one) => one.filter((_, at) => at % weights.length < mostQueryTokens))).toEqual(
      known.blocks,
    );
    expect(pairs.map((one) => one.slice(0, mostQueryTokens - 1))).toEqual(known.pairs);
    expect({ best, covered }).toEqual({ best: known.best, covered: known.covered });
  });
});
