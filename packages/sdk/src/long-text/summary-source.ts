/** The quotable sentences of sources: prose, without code, tables, headings or markup where there is any. */
import { textBlocks } from '../documents/readers/text-blocks.js';
import { Turns } from '../documents/turns.js';
import type { Block, SourceText } from '../documents/types.js';
import { type Sentence, sentencesIn } from './sentences.js';
import { trimSpan } from './trim-span.js';
import { countWords } from './words.js';

export interface SourceSentence {
  source: SourceText;
  /** Offsets into `source.text`. */
  start: number;
  end: number;
  text: string;
  words: number;
  isCode: boolean;
}

/** Words of a sentence that says something by itself. */
const usualLeast = 3;

/**
 * Of prose alone; of what begins like markup where there is no other, and of tables, headings and code where there is no
 * prose: then it is what was meant.
 * @throws the abort reason of the turns
 */
export async function sentencesOf(
  sources: readonly SourceText[],
  turns = new Turns(),
): Promise<SourceSentence[]> {
  const all = sources.flatMap((source) =>
    source.blocks.map(({ kind, start, end }): Span => ({ source, kind, start, end })),
  );
  const prose = all.filter(({ kind }) => kind === 'paragraph' || kind === 'list');
  for (const [spans, leastWords] of [
    [prose.filter((span) => !isMarkup(span)), usualLeast],
    [prose, usualLeast],
    [all, 0],
  ] as const) {
    const found = await quotable(spans, leastWords, turns);
    if (found.length > 0) return found;
  }
  return [];
}

/** A bare text as a source of its paragraphs. */
export function textSource(text: string): SourceText {
  const { blocks } = textBlocks(text);
  return {
    path: '-',
    text,
    mediaType: 'text/plain',
    title: '',
    blocks: blocks.map(({ start, end }) => ({ kind: 'paragraph', start, end })),
  };
}

type Span = Pick<SourceSentence, 'source' | 'start' | 'end'> & Pick<Block, 'kind'>;

/** By how it begins: tags, front matter, braces; in Markdown, which may be MDX, imports and exports. */
function isMarkup({ source, start, end }: Span): boolean {
  const markup =
    source.mediaType === 'text/markdown' ? /^\s*(?:<|import |export |---|\{)/ : /^\s*(?:<|---|\{)/;
  return markup.test(source.text.slice(start, end));
}

async function quotable(spans: readonly Span[], leastWords: number, turns: Turns): Promise<SourceSentence[]> {
  const found: SourceSentence[] = [];
  for (const { source, kind, start: from, end: to } of spans) {
    for (const sentence of sentencesIn(source.text.slice(from, to))) {
      for (const { start, end, text } of quotePieces(sentence)) {
        await turns.next();
        const words = countWords(text);
        if (words >= leastWords && /\p{L}\p{M}*\p{L}/u.test(text))
          found.push({ source, start: from + start, end: from + end, text, words, isCode: kind === 'code' });
      }
    }
  }
  return found;
}

const longestSentence = 150;
/** Words of a piece: from the first on it ends with a clause, at the second with the word. */
const [clauseWords, pieceWords] = [25, 40];

/** The sentence; of one that goes on and on, as what was spoken and never punctuated, pieces that can be quoted. */
function* quotePieces(sentence: Sentence): Generator<Sentence> {
  let left = countWords(sentence.text);
  if (left <= longestSentence) {
    yield sentence;
    return;
  }
  const piece = (from: number, to: number): Sentence => {
    const { start, end } = trimSpan(sentence.text, from, to);
    return {
      start: sentence.start + start,
      end: sentence.start + end,
      text: sentence.text.slice(start, end),
    };
  };
  let from = 0;
  let words = 0;
  // Words with what stands behind them, and characters of scripts that set no blanks.
  for (const { 0: part, index } of sentence.text.matchAll(
    /\p{Script=Han}[^\p{L}\p{N}]*|(?:(?!\p{Script=Han})\S)+\s*/gu,
  )) {
    const count = countWords(part);
    words += count;
    left -= count;
    const to = index + part.length;
    if (words < (/[\p{P}\n]\s*$/u.test(part) ? clauseWords : pieceWords) || left < usualLeast) continue;
    yield piece(from, to);
    from = to;
    words = 0;
  }
  if (from < sentence.text.length) yield piece(from, sentence.text.length);
}
