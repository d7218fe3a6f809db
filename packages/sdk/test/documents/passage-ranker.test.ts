/** What the ranker is given of a query and its passages, with tokens whose rows are known; and what a search does with it. */
import type { NativeModel, RankInput } from '@trivium/native';
import { describe, expect, it } from 'vitest';
import { createLibrary } from '../../src/documents/index.js';
import { matchRanker, type PassageRanker, pairRanker } from '../../src/documents/passage-ranker.js';
import { conceptEmbedder, temporaryFolder } from './fixtures.js';

/** A row a word; the id of a word is its place here. */
const rows: Record<string, [number, number]> = { '!': [0, 0], cat: [1, 0], feline: [0.8, 0.6], dog: [0, 1] };
const words = (text: string) => text.split(' ').filter(Boolean);

const embedder = {
  width: 2,
  async embedTokens(texts: readonly string[]) {
    const offsets = new Int32Array(texts.length + 1);
    texts.forEach((text, at) => {
      offsets[at + 1] = offsets[at]! + words(text).length;
    });
    return {
      rows: Float32Array.from(texts.flatMap((text) => words(text).flatMap((word) => rows[word]!))),
      offsets,
    };
  },
};

/** The types of what it is given; as a score, how many tokens. */
function tokenModel(given: RankInput[]): NativeModel {
  const model = {
    tokenizer: {
      encodeBatch: async (texts: readonly string[]) =>
        texts.map((text) => Int32Array.from(words(text), (word) => Object.keys(rows).indexOf(word))),
    },
    async rankTokens(inputs: readonly RankInput[]) {
      given.push(...inputs);
      return Float32Array.from(inputs, ({ tokens }) => tokens.length);
    },
    async rank(query: string, texts: readonly string[]) {
      return {
        scores: Float32Array.from(texts, (text) => text.length - query.length),
        inputTokens: 0,
        truncated: [],
      };
    },
    dispose: async () => {},
  };
  return model as unknown as NativeModel;
}

describe('the ranker that knows matches', () => {
  it('reads query, headings and text, each token with the type of its match', async () => {
    const given: RankInput[] = [];
    const scores = await matchRanker(tokenModel(given), embedder).rank('cat dog', [
      { above: 'feline', text: 'dog dog' },
      { above: '', text: 'cat' },
    ]);
    expect([...scores]).toEqual([6, 4]);
    expect(given.map(({ tokens }) => [...tokens])).toEqual([
      [0, 1, 3, 2, 3, 3],
      [0, 1, 3, 1],
    ]);
    // Of 11 steps a match of 0.8 is the eighth, of 1 the last, of 0 the first; `cat` is met by both, `dog` by one of two.
    const query = (match: number, share: number) => 1 + match * 4 + share;
    expect([...given[0]!.types!]).toEqual([0, query(7, 3), query(10, 2), 45 + 7, 56 + 10, 56 + 10]);
    expect([...given[1]!.types!]).toEqual([0, query(10, 3), query(0, 2), 56 + 10]);
  });

  it('cuts long queries, headings from the left, and texts', async () => {
    const given: RankInput[] = [];
    const long = 'cat '.repeat(300);
    await matchRanker(tokenModel(given), embedder).rank(long, [{ above: `dog ${long}`, text: long }]);
    const [{ tokens, types } = { tokens: [], types: undefined }] = given;
    expect(tokens).toHaveLength(256);
    expect([...tokens].slice(0, 65)).toEqual([0, ...Array(64).fill(1)]);
    expect(types).toHaveLength(256);
  });

  it('reads nothing of an empty query', async () => {
    const given: RankInput[] = [];
    await matchRanker(tokenModel(given), embedder).rank('', [{ above: '', text: 'cat' }]);
    expect([...given[0]!.types!]).toEqual([0, 56]);
  });
});

it('any other cross-encoder reads pairs', async () => {
  const scores = await pairRanker(tokenModel([])).rank('cat', [{ above: 'a', text: 'bc' }]);
  expect([...scores]).toEqual([1]);
});

describe('a search with a ranker', () => {
  const ranker: PassageRanker = {
    rank: async (_, passages) =>
      Float32Array.from(passages, ({ text }) => (text.includes('answer') ? 50 : 0)),
  };

  it('puts first what answers, and says why', async () => {
    await using folder = await temporaryFolder();
    for (let i = 0; i < 60; i++)
      await folder.write(
        `${i}.md`,
        i < 30 ? `# Cats ${i}\n\nA cat is a cat.` : `# Streams ${i}\n\nA stream is a stream.`,
      );
    await folder.write('told.md', '# Told\n\nA cat: the answer.');
    await using library = await createLibrary({
      inProcess: true,
      cacheDir: false,
      embedders: { static: conceptEmbedder(), ranker },
    });
    await library.read([folder.path]);
    const hits = await library.search('cat answer', { limit: 30, explain: true });
    expect(hits[0]!.path).toMatch(/told\.md$/);
    expect(hits[0]!.parts).toMatchObject({ answers: 50 });
    expect(hits[0]!.read).toEqual({ above: 'Told', text: expect.stringContaining('A cat: the answer.') });
    expect(hits).toHaveLength(30);
    // Only the best are read; the rest stays behind them in its order.
    expect(hits.map(({ parts }) => 'answers' in parts!)).toEqual(hits.map((_, at) => at < 24));
    const scores = hits.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  });

  it('stops when told', async () => {
    await using folder = await temporaryFolder();
    for (const name of ['a.md', 'b.md']) await folder.write(name, `A cat in ${name}.`);
    const waiting: PassageRanker = {
      rank: (_, __, { signal } = {}) =>
        new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    };
    await using library = await createLibrary({
      inProcess: true,
      cacheDir: false,
      embedders: { static: conceptEmbedder(), ranker: waiting },
    });
    await library.read([folder.path]);
    const gone = new AbortController();
    const search = library.search('cat', { signal: gone.signal });
    setTimeout(() => gone.abort('gone'), 20);
    await expect(search).rejects.toBe('gone');
  });
});
