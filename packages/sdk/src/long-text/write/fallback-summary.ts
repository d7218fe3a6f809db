/**
 * The summary where no model wrote one: the source's own sentences, each citing its passage. Calls no model.
 * Refuses to know: why there is none.
 */
import { splitSentences } from '../sentences.js';
import { selectSentences } from '../summarize-extractive.js';
import { countWords } from '../words.js';
import { headOf } from './length.js';
import type { Passage } from './passages.js';
import type { WriteRun } from './run.js';

const headWords = 20;

/** Points of altogether about `words` words. */
export async function quotePoints({ passages, embed, signal }: WriteRun, words: number): Promise<string[]> {
  const sentences = passages.flatMap((passage) =>
    splitSentences(passage.text)
      .map(({ text }) => ({ text, words: countWords(text), number: passage.number }))
      .filter((sentence) => sentence.words >= 3 && sentence.words <= 150 && /\p{L}{2}/u.test(sentence.text)),
  );
  if (sentences.length === 0) return passages.slice(0, 5).map(headPoint);
  const chosen = await selectSentences(sentences, {
    words,
    ...(embed && { embed }),
    ...(signal && { signal }),
  });
  return chosen.map(({ text, number }) => `${oneLine(text)} [${number}]`);
}

const headPoint = ({ text, number }: Passage) => `${oneLine(headOf(text, headWords))} [${number}]`;

const oneLine = (text: string) => text.replace(/^(?:[-*+] +|\d+[.)] +|#{1,6} +)/u, '').replace(/\s+/gu, ' ');
