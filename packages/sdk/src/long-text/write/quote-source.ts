/**
 * The source's own sentences, each citing its passage, for what a model did not write. Calls no model.
 * Refuses to know: why it did not.
 */
import { withoutMarkers } from '@trivium/protocol';
import { otherMarks } from '../../documents/sentences.js';
import { splitSentences } from '../sentences.js';
import { selectSentences } from '../summarize-extractive.js';
import { countWords } from '../words.js';
import { headOf } from './length.js';
import type { Material } from './pack.js';
import type { WriteRun } from './run.js';

const headWords = 20;
const [leastWords, mostWords] = [3, 150];
/** Sentences are chosen again for the words that the chosen ones leave open. */
const rounds = 4;

export interface QuoteRequest {
  material: readonly Material[];
  words: number;
  /** Words by which they may run over, rather than leave more open. */
  mayExceed?: number;
  /** Words that are put before each. */
  before?: number;
  /** What stands already: none of its sentences is quoted. */
  beside?: string;
}

/**
 * Sentences of altogether about `words` words; none where all are longer. Notes keep the numbers they hold; those of a
 * passage, which are references of the source to what is not here, go.
 */
export async function quoteSource(
  { embed, signal }: Pick<WriteRun, 'embed' | 'signal'>,
  { material, words, mayExceed = 0, before = 0, beside = '' }: QuoteRequest,
): Promise<string[]> {
  const stands = bare(beside);
  let sentences = material.flatMap((item) =>
    splitSentences(item.text)
      .map(({ text }) => {
        const quote = citing(item, plain(item, text));
        return { text: quote, words: before + countWords(quote), isNew: !stands.includes(bare(text)) };
      })
      .filter(
        (one) =>
          one.isNew &&
          one.words >= leastWords &&
          one.words <= mostWords &&
          /\p{L}\p{M}*\p{L}/u.test(one.text),
      ),
  );
  const prose = sentences.filter(({ text }) => isProse(text));
  if (prose.length > 0) sentences = prose;
  const quoted: string[] = [];
  let left = words;
  for (let round = 0; round < rounds && left >= leastWords; round += 1) {
    sentences = sentences.filter((one) => one.words <= left + mayExceed && !quoted.includes(one.text));
    if (sentences.length === 0) break;
    const chosen = await selectSentences(sentences, {
      words: left,
      ...(embed && { embed }),
      ...(signal && { signal }),
    });
    for (const one of chosen) {
      if (one.words > left + mayExceed) continue;
      quoted.push(one.text);
      left -= one.words;
    }
  }
  return quoted;
}

/** The beginnings of passages, where there is no sentence to quote. */
export const quoteHeads = (material: readonly Material[]): string[] =>
  material.slice(0, 5).map((item) => citing(item, plain(item, headOf(item.text, headWords))));

const plain = (item: Material, text: string) => ('number' in item ? bare(text) : oneLine(text));

const citing = (item: Material, text: string) => ('number' in item ? `${text} [${item.number}]` : text);

const sentenceEnd = new RegExp(`[.!?…。！？${otherMarks}][\\p{P}\\s]*(?:\\[\\d+\\])?$`, 'u');

/** No code, no row of a table, no heading. */
const isProse = (text: string) => sentenceEnd.test(text) && !/[{}|<>=\\]|--|\/\/|;\s/u.test(text);

/** What it says, however it is cited. */
const bare = (text: string) => oneLine(withoutMarkers(text)).trim();

const oneLine = (text: string) => text.replace(/^(?:[-*+] +|\d+[.)] +|#{1,6} +)/u, '').replace(/\s+/gu, ' ');
