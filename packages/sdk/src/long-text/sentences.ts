/**
 * Splits prose into sentences with UTF-16 offsets, made for English and Chinese: abbreviations, initials, quotes and
 * reported speech stay whole, blank lines, headings, list items and table rows always end a sentence.
 * Refuses to know: Markdown blocks (the caller passes prose or lives with code as one sentence a line), embeddings.
 */
import { otherMarks } from '../documents/sentences.js';

export interface Sentence {
  /** First character, as an offset into the text that was split. */
  start: number;
  /** One past the last character. */
  end: number;
  text: string;
}

const abbreviations = new Set(
  (
    'mr mrs ms dr prof rev hon capt lt col gen sgt maj adm cmdr gov sen rep st mt jr sr vs etc e.g i.e cf al ' +
    'fig figs eq no nos vol pp ch sec inc ltd co corp dept est approx ca jan feb mar apr jun jul aug sep sept oct nov dec'
  ).split(' '),
);

const terminator = new RegExp(`[.!?…${otherMarks}]+|[。！？｡]+`, 'gu');
const closers = /["'”’»)\]）」』】》*_`]*/uy;
const reportingEnglish =
  /^(?:\p{Lu}[\p{L}.'’-]*|he|she|it|they|we|I|you|the \p{L}+)(?: \p{Lu}[\p{L}.'’-]*)? (?:said|says|asked|asks|replied|answered|cried|shouted|whispered|muttered|called|murmured|snapped|growled|demanded|exclaimed|went on|told|added|agreed|admitted|began|continued)\b/u;
const reportingChinese = /^[\p{Script=Han}]{0,8}?(?:说|道|问|答|喊|叫)/u;
/** Each way begins with the line's end: one that looked back from every character would take squares of a line's length. */
const hardBreak =
  /\n[^\S\n]*(?=\n)|\n(?=[^\S\n]*(?:#{1,6} |[-*+] |\d{1,3}[.)] |\||>))|\n(?<=^[^\S\n]*(?:#{1,6} |\|)[^\n]*\n)/gmu;

/** Ends of segments: contiguous pieces that together are exactly `text`. */
export function segmentEnds(text: string): number[] {
  const ends = new Set<number>();
  for (const match of text.matchAll(hardBreak)) ends.add(match.index + match[0].length);
  for (const match of text.matchAll(terminator)) {
    const end = sentenceEnd(text, match.index, match[0]);
    if (end !== undefined) ends.add(end);
  }
  if (text.length > 0) ends.add(text.length);
  return [...ends].sort((a, b) => a - b);
}

/** The sentences of `text`, trimmed, in order; what lies between them is white space. */
export function splitSentences(text: string): Sentence[] {
  const sentences: Sentence[] = [];
  let from = 0;
  for (const to of segmentEnds(text)) {
    const piece = text.slice(from, to);
    const trimmed = piece.trim();
    if (trimmed) {
      const start = from + piece.length - piece.trimStart().length;
      sentences.push({ start, end: start + trimmed.length, text: trimmed });
    }
    from = to;
  }
  return sentences;
}

function sentenceEnd(text: string, at: number, mark: string): number | undefined {
  const isChinese = /[。！？｡]/u.test(mark);
  closers.lastIndex = at + mark.length;
  const closing = closers.exec(text)?.[0] ?? '';
  const after = at + mark.length + closing.length;
  const rest = text.slice(after, after + 80);
  const next = rest.trimStart();
  if (isChinese) return closing && reportingChinese.test(next) ? undefined : after;
  // "3.14", "file.ts" and "…and" go on; a Latin sentence ends before white space, its end or Chinese text.
  if (rest && !/^\s/u.test(rest) && !/^\p{Script=Han}/u.test(rest)) return undefined;
  if (/^\p{Ll}/u.test(next)) return undefined;
  if (mark === '.' && !closing && isAbbreviation(text, at, next)) return undefined;
  if (/["'”’]/u.test(closing) && reportingEnglish.test(next)) return undefined;
  return after;
}

function isAbbreviation(text: string, at: number, next: string): boolean {
  const word = /[\p{L}.]+$/u.exec(text.slice(Math.max(0, at - 12), at))?.[0] ?? '';
  if (/^\p{Lu}$/u.test(word) && word !== 'I') return /^\p{Lu}/u.test(next);
  if (/^(?:\p{L}\.)+\p{L}$/u.test(word)) return true;
  const known = word.toLowerCase().replace(/^\.+/, '');
  if (known === 'no' || known === 'nos') return /^\d/.test(next);
  return abbreviations.has(known) && !(known === 'etc' || known === 'co' || known === 'inc');
}
