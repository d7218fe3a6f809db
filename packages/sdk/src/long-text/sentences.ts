/**
 * Splits prose into sentences with UTF-16 offsets, made for English and Chinese: abbreviations, initials, quotes and
 * reported speech stay whole, blank lines, headings, list items and table rows always end a sentence.
 * Refuses to know: Markdown blocks (of code it makes sentences too, which end where a mark or a blank line stands), embeddings.
 */
import { otherMarks } from '../documents/sentences.js';
import { trimSpan } from './trim-span.js';

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

/** Ends of segments in order: contiguous pieces that together are exactly `text`. Each is looked for when it is asked for. */
export function* segmentEnds(text: string): Generator<number> {
  const [sentences, lines] = [sentenceMarks(text), hardBreaks(text)];
  let [sentence, line] = [sentences.next(), lines.next()];
  let last = 0;
  while (!sentence.done || !line.done) {
    const end = Math.min(sentence.value ?? text.length, line.value ?? text.length);
    if (sentence.value === end) sentence = sentences.next();
    if (line.value === end) line = lines.next();
    if (end > last) yield end;
    last = end;
  }
  if (text.length > last) yield text.length;
}

function* sentenceMarks(text: string): Generator<number, undefined> {
  for (const match of text.matchAll(terminator)) {
    const end = sentenceEnd(text, match.index, match[0]);
    if (end !== undefined) yield end;
  }
}

function* hardBreaks(text: string): Generator<number, undefined> {
  for (const match of text.matchAll(hardBreak)) yield match.index + match[0].length;
}

/** The pieces of `text` that end at `ends`, trimmed, in order, as they are asked for; what lies between them is white space. */
export function* piecesIn(text: string, ends: Iterable<number>): Generator<Sentence> {
  let from = 0;
  for (const to of ends) {
    const { start, end } = trimSpan(text, from, to);
    if (start < end) yield { start, end, text: text.slice(start, end) };
    from = to;
  }
}

export const splitSentences = (text: string): Sentence[] => [...piecesIn(text, segmentEnds(text))];

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
