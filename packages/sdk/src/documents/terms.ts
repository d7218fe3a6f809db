/**
 * From text to terms for the lexical index, as 32-bit hashes, without making strings: lower-cased words with light
 * English stemming, the parts of camelCase and snake_case identifiers, the characters and pairs of Chinese and of other
 * scripts that set no blanks between words. Knows nothing of documents and scores.
 */
import { compose, isAccent, isUpper, lowered, unitClass, unitClasses, writeLower } from './code-units.js';

/** 0 word, 1 part of an identifier, 2 pair of characters as of Chinese, 3 single one of them. */
export type TermKind = 0 | 1 | 2 | 3;

const longestWord = 64;
const scratch = new Uint16Array(longestWord);

/** Growing lists of hashes and kinds, reused between texts. */
export class TermList {
  hashes = new Uint32Array(1024);
  kinds = new Uint8Array(1024);
  length = 0;

  clear(): void {
    this.length = 0;
  }

  push(hash: number, kind: TermKind): void {
    if (this.length === this.hashes.length) {
      const hashes = new Uint32Array(this.length * 2);
      const kinds = new Uint8Array(this.length * 2);
      hashes.set(this.hashes);
      kinds.set(this.kinds);
      this.hashes = hashes;
      this.kinds = kinds;
    }
    this.hashes[this.length] = hash;
    this.kinds[this.length++] = kind;
  }
}

/** Appends the terms of `text.slice(start, end)`. */
export function scanTerms(text: string, start: number, end: number, into: TermList): void {
  let at = start;
  while (at < end) {
    const kind = unitClasses[text.charCodeAt(at)];
    let after = at + 1;
    if (kind === unitClass.word) {
      while (after < end && isInWord(text.charCodeAt(after))) after++;
      pushWord(text, at, after, into);
      pushBrokenWord(text, at, after, end, into);
    } else if (kind === unitClass.single) {
      while (after < end && unitClasses[text.charCodeAt(after)] === unitClass.single) after++;
      for (let index = at; index < after; index++) {
        const here = text.charCodeAt(index);
        into.push(finish(mix(mix(0x9e3779b9, here), 1)), 3);
        if (index + 1 < after) into.push(finish(mix(mix(0x9e3779b9, here), text.charCodeAt(index + 1))), 2);
      }
    }
    at = after;
  }
}

function isInWord(unit: number): boolean {
  const kind = unitClasses[unit];
  return kind === unitClass.word || kind === unitClass.joiner;
}

function pushWord(text: string, start: number, end: number, into: TermList): void {
  while (start < end && text.charCodeAt(start) === 0x5f) start++;
  while (end > start && text.charCodeAt(end - 1) === 0x5f) end--;
  if (end === start) return;
  into.push(hashWord(text, start, end), 0);
  let partStart = start;
  let parts = 0;
  for (let at = start + 1; at <= end; at++) {
    if (at < end && !isBoundary(text, at, end)) continue;
    if (at === end && parts === 0) break;
    let from = partStart;
    while (from < at && text.charCodeAt(from) === 0x5f) from++;
    if (at - from > 1) into.push(hashWord(text, from, at), 1);
    parts++;
    partStart = at;
  }
}

function isBoundary(text: string, at: number, end: number): boolean {
  const here = text.charCodeAt(at);
  if (here === 0x5f) return true;
  if (!isUpper(here)) return false;
  let previous = at - 1;
  while (isAccent(text.charCodeAt(previous)) || isJoiner(text.charCodeAt(previous))) previous--;
  const before = text.charCodeAt(previous);
  if (!isUpper(before)) return before !== 0x5f;
  return at + 1 < end && isLower(text.charCodeAt(at + 1));
}

const isLower = (unit: number) => unit >= 0x61 && unit <= 0x7a;
const isJoiner = (unit: number) => unitClasses[unit] === unitClass.joiner;

/** What parts a word between lines: a hyphen behind a letter, or a soft one just before; the next line begins small. */
const lineBreak = /(?:(?<=\p{L}\p{M}*)[-\u2010]|(?<=\u00ad))[^\S\r\n]*(?:\r\n?|\n)[^\S\r\n]*(?=\p{Ll})/uy;

/** Of a word that goes on in the next line, as in many PDF files, both parts as one: the hyphen may be the line's alone. */
function pushBrokenWord(text: string, start: number, after: number, end: number, into: TermList): void {
  const hyphen = text.charCodeAt(after);
  if (hyphen !== 0x2d && hyphen !== 0x2010 && !isJoiner(text.charCodeAt(after - 1))) return;
  lineBreak.lastIndex = after;
  if (!lineBreak.test(text)) return;
  const next = lineBreak.lastIndex;
  let last = next;
  while (last < end && isInWord(text.charCodeAt(last))) last++;
  if (last > next) into.push(hashScratch(write(text, next, last, write(text, start, after, 0))), 0);
}

const hashWord = (text: string, start: number, end: number) => hashScratch(write(text, start, end, 0));

/** Writes the letters of a word into the scratch from `length` on, and returns how many it holds then. */
function write(text: string, start: number, end: number, length: number): number {
  for (let at = start; at < end && length < longestWord; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) {
      scratch[length++] = lowered[unit]!;
      continue;
    }
    if (isJoiner(unit)) continue;
    const composed = isAccent(unit) && length > 0 ? compose(scratch[length - 1]!, unit) : 0;
    if (composed > 0) scratch[length - 1] = composed;
    else length = writeLower(unit, scratch, length);
  }
  return length;
}

function hashScratch(count: number): number {
  const length = stem(scratch, count);
  let hash = 0x811c9dc5;
  for (let at = 0; at < length; at++) hash = mix(hash, scratch[at]!);
  return finish(hash);
}

const mix = (hash: number, code: number) => Math.imul(hash ^ code, 16777619);

function finish(hash: number): number {
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return hash >>> 0 || 1;
}

const letter = {
  a: 97,
  d: 100,
  e: 101,
  g: 103,
  i: 105,
  n: 110,
  s: 115,
  u: 117,
  x: 120,
  y: 121,
  z: 122,
  h: 104,
};

/** Cuts English endings until nothing changes, so that `embed`, `embeds`, `embedded` and `embeddings` meet. */
function stem(word: Uint16Array, length: number): number {
  for (let before = -1; before !== length && length > 3; ) {
    before = length;
    length = cutPlural(word, length);
    length = cutSuffix(word, length);
  }
  if (length > 3 && word[length - 1] === letter.e) length--;
  if (length > 2 && word[length - 1] === letter.y) word[length - 1] = letter.i;
  return length;
}

function cutPlural(word: Uint16Array, length: number): number {
  if (word[length - 1] !== letter.s) return length;
  const before = word[length - 2]!;
  if (before === letter.s || before === letter.u || before === letter.i) return length;
  if (before !== letter.e) return length - 1;
  const earlier = word[length - 3]!;
  if (earlier === letter.i && length > 4) {
    word[length - 3] = letter.y;
    return length - 2;
  }
  return earlier === letter.s || earlier === letter.x || earlier === letter.z || earlier === letter.h
    ? length - 2
    : length - 1;
}

function cutSuffix(word: Uint16Array, length: number): number {
  let cut = length;
  if (word[length - 1] === letter.g && word[length - 2] === letter.n && word[length - 3] === letter.i)
    cut = length - 3;
  else if (word[length - 1] === letter.d && word[length - 2] === letter.e && word[length - 3] !== letter.e)
    cut = length - 2;
  if (cut === length || cut < 2 || !hasVowel(word, cut)) return length;
  const last = word[cut - 1]!;
  const doubled =
    cut > 3 && last === word[cut - 2] && last !== 0x6c && last !== letter.s && last !== letter.z;
  return doubled ? cut - 1 : cut;
}

function hasVowel(word: Uint16Array, length: number): boolean {
  for (let at = 0; at < length; at++) {
    const code = word[at]!;
    if (
      code === letter.a ||
      code === letter.e ||
      code === letter.i ||
      code === 0x6f ||
      code === letter.u ||
      code === letter.y
    )
      return true;
  }
  return false;
}
