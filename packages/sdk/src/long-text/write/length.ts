/** Lengths of text in words, and cuts at sentence ends that keep to them. Refuses to know: who wrote the text. */
import { segmentEnds } from '../sentences.js';
import { countWords } from '../words.js';

const followingMarkers = /(?:\s*\[\d{1,6}(?:\s*[,，]\s*\d{1,6})*\])+/uy;
const closedSentence = /[.!?…。！？｡]["'”’»)\]」』】》*_`]*(?:\s*\[\d[\d\s,，]*\])*$/u;
/** What ends like a sentence and says nothing yet: the number of a list item, and its title. */
const openingOnly = /(?:^|\n)[^\S\n]*(?:\(?\d{1,3}[.)、．]\s*)?(?:\*\*[^*\n]*\*\*)?$/u;

/** Offsets at which a whole sentence has ended, markers behind its full stop included. */
export function wholeSentenceEnds(text: string): number[] {
  const ends: number[] = [];
  for (const segmentEnd of segmentEnds(text)) {
    let end = text.slice(0, segmentEnd).trimEnd().length;
    followingMarkers.lastIndex = end;
    end += followingMarkers.exec(text)?.[0].length ?? 0;
    const isLine = text[end] === '\n';
    const before = text.slice(Math.max(0, end - 200), end);
    const isWhole = (isLine || closedSentence.test(before)) && !openingOnly.test(before);
    if (end > (ends.at(-1) ?? 0) && isWhole) ends.push(end);
  }
  return ends;
}

export interface CutText {
  text: string;
  /** No sentence ended where the text had to: it ends within one, marked by an ellipsis. */
  isBroken: boolean;
}

/** The text up to the sentence end that comes nearest to `words`. */
export function cutNear(text: string, words: number): CutText {
  let best: number | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  let counted = 0;
  let from = 0;
  for (const end of wholeSentenceEnds(text)) {
    counted += countWords(text.slice(from, end));
    from = end;
    const distance = Math.abs(counted - words);
    if (distance > bestDistance) break;
    if (distance < bestDistance) [best, bestDistance] = [end, distance];
  }
  // One endless sentence is no better than none.
  if (best !== undefined && bestDistance <= Math.max(words, 40))
    return { text: text.slice(0, best).trim(), isBroken: false };
  return { text: `${headOf(text, words)}…`, isBroken: true };
}

/** The text without the sentence that was not finished; whole where no sentence ended at all. */
export function withoutOpenSentence(text: string): CutText {
  const trimmed = text.trim();
  const end = wholeSentenceEnds(trimmed).at(-1);
  if (end === undefined)
    return trimmed ? { text: `${trimmed}…`, isBroken: true } : { text: '', isBroken: false };
  return { text: trimmed.slice(0, end), isBroken: false };
}

/** The first words of a text, cut between words. */
export function headOf(text: string, words: number): string {
  let used = 0;
  let end = 0;
  for (const match of text.matchAll(/\s*(?:\p{Script=Han}|[^\s\p{Script=Han}]+)/gu)) {
    used += countWords(match[0]);
    if (used > words && end > 0) break;
    end = match.index + match[0].length;
  }
  return text.slice(0, end).trim();
}

/** The last whole sentences of a text, of about `words` words at most; none where the last one is longer. */
export function tailOf(whole: string, words: number): string {
  // No word is longer than this on average: what lies before cannot belong to the tail.
  const text = whole.slice(-words * 20);
  const ends = wholeSentenceEnds(text);
  let from = text.length;
  for (const end of [...ends.slice(0, -1).reverse(), 0]) {
    if (countWords(text.slice(end)) > words) break;
    from = end;
  }
  return text.slice(from).trim();
}

/** Pieces of about equal length at sentence ends, each of at most `words` words where sentences allow it. */
export function piecesOf(text: string, words: number): string[] {
  const total = countWords(text);
  if (total <= words) return [text];
  const share = total / Math.ceil(total / words);
  const pieces: string[] = [];
  let from = 0;
  for (const end of wholeSentenceEnds(text)) {
    if (countWords(text.slice(from, end)) < share) continue;
    pieces.push(text.slice(from, end));
    from = end;
  }
  if (text.slice(from).trim()) pieces.push(text.slice(from));
  return pieces;
}

/** Texts one after another: paragraphs where a sentence has ended, one run of text where not. */
export function joinTexts(before: string, after: string): string {
  if (!before || !after) return before || after;
  return `${before}\n\n${after}`;
}
