/** Where citations are cut: spans of passages, ranges that hold the most, and what a search makes of them. */
import { describe, expect, it, vi } from 'vitest';
import { passageSpans } from '../../src/documents/answer-spans.js';
import { answerWindows, type LikelySpan } from '../../src/documents/answer-windows.js';
import { cite } from '../../src/documents/cite.js';
import { createLibrary, type DocumentEmbedder } from '../../src/documents/index.js';
import { chunkCount, indexDocument } from '../../src/documents/indexed-document.js';
import { readSource } from '../../src/documents/readers/read-source.js';
import { entryEnds, lineEnds, sentenceEnds } from '../../src/documents/sentences.js';
import { conceptEmbedder, temporaryFolder } from './fixtures.js';

const page = `# Cats

Cats sleep a lot. They hunt at night, e.g. mice. Do they purr?

## Care

- Feed them twice.
- Brush them.

| name | default |
| --- | --- |
| bowls | 2 |

\`\`\`ts
const cat = makeCat({ name: 'Tom' });
await cat.feed();
\`\`\`

${'A long line without an end '.repeat(100)}
`;

const documentOf = async (text: string, path = 'a.md') =>
  indexDocument(
    { path, absolutePath: `/${path}`, size: 0, mtimeMs: 0, ctimeMs: 0, ino: 0, readAt: 0, hash: '' },
    await readSource(path, new TextEncoder().encode(text)),
  );

describe('spans', () => {
  it('are sentences, items, rows and lines of code', async () => {
    const document = await documentOf(page);
    const spans = passageSpans(document, 0).map(({ start, end, kind }) => [kind, page.slice(start, end)]);
    expect(spans).toEqual(
      expect.arrayContaining([
        ['heading', '# Cats'],
        ['paragraph', 'Cats sleep a lot.'],
        ['paragraph', 'They hunt at night, e.g. mice.'],
        ['paragraph', 'Do they purr?'],
        ['list', '- Feed them twice.'],
        ['list', '- Brush them.'],
        ['table', '| bowls | 2 |'],
      ]),
    );
  });

  it.each([page, page.repeat(3), '# T\n\n- {#x}\n\n|||\n', 'x'.repeat(5000)])(
    'are all of each passage but blanks, once and in order',
    async (text) => {
      const document = await documentOf(text);
      for (let chunk = 0; chunk < chunkCount(document); chunk++) {
        const end = document.chunks[chunk * 3 + 1]!;
        let at = document.chunks[chunk * 3]!;
        for (const span of passageSpans(document, chunk)) {
          expect(text.slice(at, span.start).trim()).toBe('');
          expect(span.end).toBeGreaterThan(span.start);
          at = span.end;
        }
        expect(text.slice(at, end).trim()).toBe('');
        expect(at).toBeLessThanOrEqual(end);
      }
    },
  );

  it('of a passage are found without going through all of its block', async () => {
    const document = await documentOf('The kettle at host 5 was warm.\n'.repeat(2000), 'a.log');
    expect(document.blocks).toHaveLength(4); // one block
    const codes = vi.spyOn(String.prototype, 'charCodeAt');
    passageSpans(document, chunkCount(document) - 2);
    const looks = codes.mock.calls.length;
    codes.mockRestore();
    expect(looks).toBeLessThan(5000);
  });

  it('of lines of code are of their whole block, looked through once for all passages', async () => {
    const document = await documentOf('{"host": 5}\n'.repeat(2000), 'a.jsonl');
    const lines = vi.spyOn(String.prototype, 'indexOf');
    const codeEnds = new Map();
    for (let chunk = 0; chunk < chunkCount(document); chunk++) passageSpans(document, chunk, codeEnds);
    const looks = lines.mock.calls.length;
    lines.mockRestore();
    expect(looks).toBeLessThan(3000);
  });

  it.each(Array.from({ length: 50 }, (_, seed) => seed))(
    'end within a part as in the whole, case %i',
    (seed) => {
      const next = numbers(seed);
      const bits = [
        '.',
        '. ',
        '?',
        ')',
        '"',
        ' ',
        '\n',
        '\n\n',
        '- ',
        '1. ',
        'e.g.',
        '。',
        '！',
        '」',
        '।',
        'a',
        '水',
        '}',
        ',',
      ];
      const text = Array.from({ length: 80 }, () => bits[Math.floor(next() * bits.length)]).join('');
      for (let tries = 0; tries < 40; tries++) {
        const [start, from, to, end] = Array.from({ length: 4 }, () =>
          Math.floor(next() * (text.length + 1)),
        ).sort((a, b) => a - b) as [number, number, number, number];
        const part = (ends: number[]) => [
          ...ends.filter((at) => at > from && at < to),
          ...(to > from ? [to] : []),
        ];
        expect(sentenceEnds(text, start, end, { from, to })).toEqual(part(sentenceEnds(text, start, end)));
        expect([...lineEnds(text, from, to)]).toEqual(part([...lineEnds(text, start, end)]));
        expect(entryEnds(text, start, end, { from, to })).toEqual(part(entryEnds(text, start, end)));
      }
    },
  );
});

/** Deterministic numbers from 0 to 1. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function randomSpans(next: () => number): LikelySpan[] {
  let at = 0;
  return Array.from({ length: 1 + Math.floor(next() * 30) }, () => {
    const start = at + Math.floor(next() * 3);
    at = start + 1 + Math.floor(next() * (next() < 0.1 ? 200 : 40));
    return { start, end: at, share: next() ** 4, follows: next() > 0.2, isHeading: next() < 0.2 };
  });
}

describe('windows', () => {
  it.each(Array.from({ length: 200 }, (_, seed) => seed))('hold the most, case %i', (seed) => {
    const spans = randomSpans(numbers(seed));
    const windows = answerWindows(spans, { limit: 4, characters: 100 });
    const taken = new Set<number>();
    const sum = (from: number, to: number) =>
      spans.slice(from, to).reduce((all, { share }) => all + share, 0);
    const fits = (from: number, to: number) =>
      spans.slice(from + 1, to).every(({ follows }) => follows) &&
      (to === from + 1 || spans[to - 1]!.end - spans[from]!.start <= 100);
    windows.forEach(({ from, to, share }, number) => {
      expect(fits(from, to)).toBe(true);
      if (to > from + 1) expect(spans[to - 1]!.isHeading).toBe(false);
      let most = 0;
      for (let a = 0; a < spans.length; a++)
        for (let b = a + 1; b <= spans.length; b++)
          if (fits(a, b) && number === 0) most = Math.max(most, sum(a, b));
      if (number === 0) expect(share).toBeCloseTo(most, 9);
      for (let at = from; at < to; at++) {
        expect(taken.has(at)).toBe(false);
        taken.add(at);
      }
    });
    const shares = windows.map(({ share }) => share);
    expect(shares).toEqual([...shares].sort((a, b) => b - a));
  });

  it('are none where there is nothing', () => {
    expect(answerWindows([], { limit: 3, characters: 100 })).toEqual([]);
  });
});

describe('a search for citations', () => {
  it('hears that it is given up while it looks at passages', async () => {
    const document = await documentOf(page);
    const found = [{ document, chunk: 0, score: 1 }];
    const given = cite('cats', found, undefined, {
      limit: 1,
      signal: AbortSignal.abort(new Error('enough')),
    });
    await expect(given).rejects.toThrow('enough');
  });

  const filler = Array.from({ length: 60 }, (_, at) => `A cat of number ${at} sleeps on its mat.`).join(' ');

  it.each(['hybrid', 'lexical'] as const)(
    'gives ranges of the file that do not overlap, %s',
    async (mode) => {
      await using folder = await temporaryFolder();
      for (const name of ['a', 'b', 'c']) await folder.write(`${name}.md`, `# ${name}\n\n${filler}`);
      await using library = await createLibrary({
        inProcess: true,
        cacheDir: false,
        embedders: { static: conceptEmbedder() },
      });
      await library.read([folder.path]);
      const hits = await library.search('cat number 17', {
        level: 'citation',
        mode,
        limit: 20,
        explain: true,
      });
      expect(hits.length).toBeGreaterThan(5);
      expect(hits[0]!.text).toContain('number 17 ');
      for (const [at, hit] of hits.entries()) {
        const { text } = await library.document(hit.path);
        expect(text.slice(hit.start, hit.end)).toBe(hit.text);
        expect(hit.text.length).toBeLessThanOrEqual(1000);
        expect(text.slice(0, hit.start).split('\n')).toHaveLength(hit.line);
        const others = hits.slice(0, at).filter(({ path }) => path === hit.path);
        expect(others.every(({ start, end }) => end <= hit.start || hit.end <= start)).toBe(true);
        expect(hit.score).toBeLessThanOrEqual(hits[Math.max(0, at - 1)]!.score);
      }
      expect(hits.reduce((sum, { score }) => sum + score, 0)).toBeLessThanOrEqual(1 + 1e-6);
    },
  );

  it('says where in the markup an answer of HTML stands', async () => {
    await using folder = await temporaryFolder();
    const html = `<h1>Cats</h1><p>A <b>cat</b> sleeps.</p><p>The cat&#39;s bowl is blue.</p>`;
    await folder.write('a.html', html);
    await using library = await createLibrary({ inProcess: true, cacheDir: false, staticModel: false });
    await library.read([folder.path]);
    const [hit] = await library.search('bowl', { level: 'citation' });
    expect(hit!.text).toContain("The cat's bowl is blue.");
    expect(html.slice(hit!.start, hit!.end)).toContain('bowl is blue.');
  });

  /** A row a word. */
  const wordEmbedder = (): DocumentEmbedder => {
    const embedder = conceptEmbedder();
    return {
      ...embedder,
      embedTokens: async (texts, options) => {
        const words = texts.map((text) => text.split(' ').filter(Boolean));
        const offsets = Int32Array.from([[], ...words], (_, at) => words.slice(0, at).flat().length);
        return { rows: (await embedder.embed(words.flat(), options)).embeddings, offsets };
      },
    };
  };

  it('goes where the words are met, and says what is likeliest in it', async () => {
    await using folder = await temporaryFolder();
    const place = ' The cache of the stream has an error. ';
    const sentences = filler.split(/(?<=\.) /);
    await using library = await createLibrary({
      inProcess: true,
      cacheDir: false,
      embedders: { static: wordEmbedder() },
    });
    for (const at of [0, 20, 41, 60]) {
      const text = `${sentences.slice(0, at).join(' ')}${place}${sentences.slice(at).join(' ')}`;
      await folder.write('a.md', `# Cats\n\n${text.trim()}`);
      await library.read([folder.path]);
      const [hit] = await library.search('error of the stream cache', { level: 'citation', limit: 1 });
      const [{ start, end, share } = { start: 0, end: 0, share: 1 }] = hit!.likely!;
      expect(hit!.text.slice(start, end)).toBe(place.trim());
      expect(share).toBeLessThanOrEqual(hit!.score);
    }
  });

  it('gives nothing where nothing fits', async () => {
    await using folder = await temporaryFolder();
    await folder.write('a.md', '# Cats\n\nA cat.');
    await using library = await createLibrary({ inProcess: true, cacheDir: false, staticModel: false });
    await library.read([folder.path]);
    expect(await library.search('zebra', { level: 'citation' })).toEqual([]);
  });
});
