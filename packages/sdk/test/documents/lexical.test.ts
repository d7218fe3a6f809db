import { describe, expect, it } from 'vitest';
import { indexDocument } from '../../src/documents/indexed-document.js';
import { inverseFrequency, LexicalIndex } from '../../src/documents/lexical-index.js';
import { queryTerms, ranking } from '../../src/documents/ranking.js';
import { scanTerms, TermList } from '../../src/documents/terms.js';
import { seeded } from './fixtures.js';

function terms(text: string): number[] {
  const list = new TermList();
  scanTerms(text, 0, text.length, list);
  return [...list.hashes.subarray(0, list.length)];
}

describe('terms', () => {
  it.each([
    ['embed', 'Embeddings', 'embedded', 'embeds', 'EMBEDDING'],
    ['cache', 'caches', 'caching', 'cached'],
    ['query', 'queries'],
    ['stop', 'stopped', 'stopping', 'stops'],
    ['class', 'classes'],
    ['škoda', 'Škoda', 'ŠKODA'],
    ['łódź', 'Łódź', 'ŁÓDŹ'],
    ['café', 'Cafés', 'CAFÉ', 'café'.normalize('NFD'), 'CAFÉS'.normalize('NFD')],
    ['việt', 'Việt'.normalize('NFD'), 'VIỆT'],
    ['ёлка', 'Ёлка'.normalize('NFD')],
    ['ωμέγα', 'ΩΜΈΓΑ'],
  ])('of one stem are one: %s', (first, ...others) => {
    for (const other of others) expect(terms(other)).toEqual(terms(first));
  });

  it('include the parts of identifiers', () => {
    expect(terms('generateText')).toEqual(expect.arrayContaining([...terms('generate'), ...terms('text')]));
    expect(terms('MAX_BATCH_SIZE')).toEqual(expect.arrayContaining([...terms('batch'), ...terms('size')]));
    expect(terms('HTTPServer')).toEqual(expect.arrayContaining([...terms('http'), ...terms('server')]));
    expect(terms('text')).toHaveLength(1);
  });

  it('of Chinese are characters and pairs', () => {
    expect(terms('注意力')).toHaveLength(5);
    expect(terms('自注意力')).toEqual(expect.arrayContaining(terms('注意力')));
    expect(terms('ＡＢＣ')).toEqual(terms('abc'));
  });
});

describe('BM25', () => {
  const random = seeded(3);
  const vocabulary = Array.from({ length: 60 }, (_, index) => `w${index}x`);
  const sentence = (count: number) =>
    Array.from({ length: count }, () => vocabulary[Math.floor(random() ** 2 * vocabulary.length)]).join(' ');
  const texts = Array.from({ length: 40 }, () => sentence(5 + Math.floor(random() * 60)));
  const documents = texts.map((text, index) =>
    indexDocument(
      {
        path: `${index}`,
        absolutePath: `/${index}`,
        size: 0,
        mtimeMs: 0,
        ctimeMs: 0,
        ino: 0,
        readAt: 0,
        hash: '',
      },
      {
        text,
        mediaType: 'text/plain',
        title: `t ${vocabulary[index]}`,
        blocks: [{ kind: 'paragraph', start: 0, end: text.length }],
      },
    ),
  );

  it('agrees with the formula written out', () => {
    const { k1, b, headingBoost } = ranking.lexical;
    const index = new LexicalIndex(documents);
    const average = texts.reduce((sum, text) => sum + text.split(' ').length, 0) / texts.length;
    for (let round = 0; round < 20; round++) {
      const words = [...new Set(sentence(4).split(' ')), 'absent'];
      let ideal = 0;
      const expected = texts.map(() => 0);
      for (const word of words) {
        const frequencies = texts.map((text, at) => {
          const inBody = text.split(' ').filter((other) => other === word).length;
          return inBody + headingBoost * (vocabulary[at] === word ? 1 : 0);
        });
        const inverse = inverseFrequency(
          frequencies.filter((frequency) => frequency > 0).length,
          texts.length,
        );
        ideal += inverse * (k1 + 1);
        frequencies.forEach((frequency, at) => {
          const norm = k1 * (1 - b + (b * texts[at]!.split(' ').length) / average);
          expected[at]! += (inverse * frequency * (k1 + 1)) / (frequency + norm);
        });
      }
      const scores = index.scorePassages(queryTerms(words.join(' ')), ranking.lexical);
      const byDocument = index.scoreDocuments(queryTerms(words.join(' ')), ranking.lexical);
      expected.forEach((score, at) => {
        expect(scores[at]).toBeCloseTo(score / ideal, 5);
        expect(byDocument[at]).toBeCloseTo(score / ideal, 5);
      });
    }
  });
});
