/** Where sentences end, in English, Chinese and scripts with marks of their own. Works on offsets, allocates no strings. */

const closing = new Set('"\')]}”’»」』）】》');
/** Of Greek, Armenian, Arabic, Urdu, Hindi, Tibetan, Burmese, Ethiopic and Khmer: as `.` does, they end before a blank. */
export const otherMarks = '\u037e։؟۔।॥།။።፧។';
const otherEnds = new Set([...otherMarks].map((mark) => mark.charCodeAt(0)));
const abbreviations = new Set([
  'e.g',
  'i.e',
  'cf',
  'vs',
  'mr',
  'mrs',
  'ms',
  'dr',
  'prof',
  'st',
  'fig',
  'eq',
  'no',
  'al',
  'approx',
]);

/** A part of a text by offsets. */
interface Part {
  from: number;
  to: number;
}

/**
 * Offsets one past the end of each sentence of `text.slice(start, end)`, trailing blanks included; the last is `end`.
 * @param part Only the ends between its own, and `to` as the last: sentences are those of the whole, which is not gone through.
 */
export function sentenceEnds(
  text: string,
  start: number,
  end: number,
  { from, to }: Part = { from: start, to: end },
): number[] {
  const ends: number[] = [];
  for (let at = behindLetter(text, start, from); at < to; at++) {
    const code = text.charCodeAt(at);
    const wide = isWideEnd(code);
    const narrow = isNarrowEnd(code);
    const line = code === 0x0a && startsItem(text, at + 1, end);
    if (!wide && !narrow && !line) continue;
    let after = at + 1;
    while (after < end && closing.has(text[after]!)) after++;
    if (narrow && after < end && !isBlank(text.charCodeAt(after))) continue;
    if (code === 0x2e && isAbbreviation(text, start, at)) continue;
    while (after < end && isBlank(text.charCodeAt(after))) after++;
    if (after > from && after < to) ends.push(after);
    at = after - 1;
  }
  if (to > from) ends.push(to);
  return ends;
}

const isWideEnd = (code: number) => code === 0x3002 || code === 0xff01 || code === 0xff1f || code === 0xff1b;
const isNarrowEnd = (code: number) =>
  code < 0x80 ? code === 0x2e || code === 0x21 || code === 0x3f : otherEnds.has(code);

/** The last offset up to `from` that no mark before it reaches: behind a character that neither ends nor closes a sentence. */
function behindLetter(text: string, start: number, from: number): number {
  for (; from > start; from--) {
    const code = text.charCodeAt(from - 1);
    const isReached = isBlank(code) || isWideEnd(code) || isNarrowEnd(code) || closing.has(text[from - 1]!);
    if (!isReached) break;
  }
  return from;
}

/** Offsets one past each line of `text.slice(start, end)`, as they are asked for; the last is `end`. */
export function* lineEnds(text: string, start: number, end: number): Generator<number> {
  for (let at = text.indexOf('\n', start); at >= 0 && at + 1 < end; at = text.indexOf('\n', at + 1))
    yield at + 1;
  if (end > start) yield end;
}

/**
 * Offsets one past each line of `text.slice(start, end)` that closes an entry of a list of objects, a brace or bracket alone;
 * the last is `end`.
 * @param part as of `sentenceEnds`
 */
export function entryEnds(
  text: string,
  start: number,
  end: number,
  { from, to }: Part = { from: start, to: end },
): number[] {
  const line = from > start ? Math.max(start, text.lastIndexOf('\n', from - 1) + 1) : start;
  return [...lineEnds(text, from, to)].filter(
    (until, at, all) => until === to || /^\s*[}\])]+,?\s*$/.test(text.slice(all[at - 1] ?? line, until)),
  );
}

export const isBlank = (code: number) => code <= 0x20 || code === 0xa0 || code === 0x3000;

function startsItem(text: string, at: number, end: number): boolean {
  while (at < end && (text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x09)) at++;
  const code = text.charCodeAt(at);
  if (code === 0x0a || at >= end) return true;
  if (code === 0x2d || code === 0x2a || code === 0x2b || code === 0x7c) return true;
  return /^\d{1,3}[.)]\s/.test(text.slice(at, at + 6));
}

function isAbbreviation(text: string, start: number, dot: number): boolean {
  let from = dot;
  while (from > start && dot - from < 8 && /[A-Za-z.]/.test(text[from - 1]!)) from--;
  const word = text.slice(from, dot).toLowerCase();
  return abbreviations.has(word) || /^[a-z]$/.test(word);
}
