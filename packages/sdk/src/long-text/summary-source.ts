/** The quotable sentences of sources: prose, without code, tables, headings or markup where there is any. */
import { fewLineEnds } from '../documents/answer-spans.js';
import { textBlocks } from '../documents/readers/text-blocks.js';
import { lineEnds } from '../documents/sentences.js';
import { Turns } from '../documents/turns.js';
import type { Block, SourceText } from '../documents/types.js';
import { withoutFences } from './quoted.js';
import { piecesIn, type Sentence, segmentEnds } from './sentences.js';
import { trimSpan } from './trim-span.js';
import { countWords, lengthInWords } from './words.js';

export interface SourceSentence {
  source: SourceText;
  /** Offsets into `source.text`. */
  start: number;
  end: number;
  text: string;
  /** Its length in words. */
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
    const whole = source.text.slice(from, to);
    for (const sentence of piecesIn(whole, endsOf(kind, whole))) {
      for (const { start, end, text } of quotePieces(sentence)) {
        await turns.next();
        const said = kind === 'code' ? withoutFences(text) : text;
        if (countWords(said) >= leastWords && /\p{L}\p{M}*\p{L}/u.test(said))
          found.push({
            source,
            start: from + start,
            end: from + end,
            text,
            words: lengthInWords(text),
            isCode: kind === 'code',
          });
      }
    }
  }
  return found;
}

/** Where what can be quoted ends: with a few lines of code, a row of a table, a sentence of all else. */
function endsOf(kind: Block['kind'], text: string): Iterable<number> {
  if (kind === 'code') return fewLineEnds(text, 0, text.length);
  return kind === 'table' ? lineEnds(text, 0, text.length) : segmentEnds(text);
}

/** In words, and in characters for what has none. */
const [longestSentence, longestCharacters] = [150, 1500];
/** Words of a piece: from the first on it ends with a clause, at the second with the word. */
const [clauseWords, pieceWords] = [25, 40];
/** A piece that has as many characters ends, whatever it holds. */
const pieceCharacters = 600;

/**
 * Words with what stands behind them, and characters of scripts that set no blanks. Of a run that is no word, such as data on
 * one line, 200 characters: such a run may be all of a file.
 */
const pieceParts = /\p{Script=Han}[^\p{L}\p{N}]{0,200}|(?:(?!\p{Script=Han})\S){1,200}\p{M}*\s*/gu;

/** The sentence; of one that goes on and on, as what was spoken and never punctuated, pieces that can be quoted. */
function* quotePieces(sentence: Sentence): Generator<Sentence> {
  if (sentence.text.length <= longestCharacters && lengthInWords(sentence.text) <= longestSentence) {
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
  for (const { 0: part, index } of sentence.text.matchAll(pieceParts)) {
    words += lengthInWords(part);
    const to = index + part.length;
    const isLong = to - from >= pieceCharacters;
    const enough = /[\p{P}\n]\s*$/u.test(part) ? clauseWords : pieceWords;
    if (!isLong && (words < enough || lengthInWords(sentence.text.slice(to, to + 200)) < usualLeast))
      continue;
    yield piece(from, to);
    from = to;
    words = 0;
  }
  if (from < sentence.text.length) yield piece(from, sentence.text.length);
}
