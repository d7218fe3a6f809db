/**
 * Tells by the letters that languages use most which legacy encoding bytes are in that do not say theirs. Read in another one, an
 * Asian text gives one such character in ten, where in its own it gives two in three. Knows nothing of files, and proves nothing:
 * what it says is a guess, and where that is not a clear one it is the fallback, for most such files are in it.
 */
import { cyrillic, greek, hangul, kanji, simplified, traditional } from './common-characters.js';

/** Two bytes to a character, ideographs above all; or one, of the West. */
export type FallbackEncoding = 'GB18030' | 'Windows-1252';

interface Script {
  /** As a label of TextDecoder. */
  encoding: string;
  /** UTF-16 codes of what its languages use most. */
  common: ReadonlySet<number>;
  /** Whether something common stands as in words of this script, and not as what bytes of another one give by chance. */
  standsWell: (before: number, after: number) => boolean;
  /** What tells nothing of it. */
  ignored?: (code: number) => boolean;
}

interface Candidate extends Script {
  /** The least share of what is common in all that is not ASCII. */
  least: number;
  /** How many different ones there must be: one word again and again gives a few by chance. */
  leastDistinct: number;
}

/** How many times the share of the fallback a candidate must have, and how many times that of any other candidate. */
const lead = { overFallback: 2, overOthers: 1.2 };

const isHigh = (code: number) => code >= 0x80;
const isLatin = (code: number) => (code | 32) >= 97 && (code | 32) <= 122;
const codesOf = (letters: string) => new Set(Array.from(letters, (letter) => letter.charCodeAt(0)));

/** Kana and some signs, which EUC-JP and GB18030 have at the same places. */
const isShared = (code: number) => code >= 0x3000 && code <= 0x30ff;
const isKana = (code: number) => code > 0x3040 && code <= 0x30ff;
/** Of all that is no sign: from here on it is Japanese, which has one half of kana. Big5 read so has one in five. */
const leastKana = 0.4;
const kana = Array.from({ length: 0x30ff - 0x3041 }, (_, index) => String.fromCharCode(0x3041 + index)).join(
  '',
);

/** Not within a word of Latin letters, as those of "mogę" do. */
const isApart = (before: number, after: number) => !isLatin(before) || !isLatin(after);
/** Beside another one: where the second byte may be ASCII, a sign before a letter, as in "µL", is one by chance. */
const isBeside = (before: number, after: number) =>
  isApart(before, after) && (isHigh(before) || isHigh(after));
/** Letters of an alphabet beside others of it, as "è" is not. */
const isInWord = (before: number, after: number) =>
  !isLatin(before) && !isLatin(after) && (isHigh(before) || isHigh(after));
/** Beside a Latin letter, or alone. */
const isAmongLatin = (before: number, after: number) =>
  isLatin(before) || isLatin(after) || (!isHigh(before) && !isHigh(after));

function characters(encoding: string, common: string, standsWell: Script['standsWell']): Candidate {
  return { encoding, common: codesOf(common), standsWell, least: 0.35, leastDistinct: 6 };
}

/** Alphabets give half of their share by chance, for they have few letters. */
function letters(encoding: string, common: string): Candidate {
  return { encoding, common: codesOf(common), standsWell: isInWord, least: 0.7, leastDistinct: 8 };
}

const candidates: readonly Candidate[] = [
  { ...characters('EUC-JP', kanji + simplified, isApart), ignored: isShared },
  characters('Shift_JIS', kanji + simplified + kana, isBeside),
  characters('EUC-KR', hangul, isApart),
  characters('Big5', traditional + simplified, isBeside),
  letters('Windows-1251', cyrillic),
  letters('KOI8-R', cyrillic),
  letters('Windows-1253', greek),
];

const fallbacks: Readonly<Record<FallbackEncoding, Script>> = {
  GB18030: {
    encoding: 'GB18030',
    common: codesOf(`${simplified}，：；！？（）“”‘’—…·`),
    standsWell: isApart,
    ignored: isShared,
  },
  'Windows-1252': {
    encoding: 'Windows-1252',
    common: codesOf(
      'ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿŠŒŽšœžŸ€‚„…‘’“”•–—\u00a0¡£§©ª«®°±²³µ·º»¼½¾¿',
    ),
    standsWell: isAmongLatin,
  },
};

/** The likeliest encoding, as a label of TextDecoder: the fallback, save where another one is clearly likelier. */
export function likeliestEncoding(bytes: Uint8Array, fallback: FallbackEncoding): string {
  const sample = sampleOf(bytes);
  // Both read kana alike, but what stands between them only one.
  if (fallback === 'GB18030' && kanaShare(decodeAs(sample, fallback)) >= leastKana) return 'EUC-JP';
  const least = lead.overFallback * commonShare(sample, fallbacks[fallback]).share;
  const likely = candidates
    .map((candidate) => ({ ...candidate, ...commonShare(sample, candidate) }))
    .filter(({ share, distinct, ...needs }) => share >= needs.least && distinct >= needs.leastDistinct)
    .sort((a, b) => b.share - a.share);
  const [first, second] = likely;
  if (!first || first.share < least) return fallback;
  return second && first.share < lead.overOthers * second.share ? fallback : first.encoding;
}

/** What share of all that is not ASCII is common, and how many different ones. */
function commonShare(bytes: Uint8Array, { encoding, common, standsWell, ignored }: Script) {
  const text = decodeAs(bytes, encoding);
  const distinct = new Set<number>();
  let all = 0;
  let found = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (!isHigh(code) || ignored?.(code)) continue;
    all++;
    if (!common.has(code) || !standsWell(text.charCodeAt(at - 1), text.charCodeAt(at + 1))) continue;
    found++;
    distinct.add(code);
  }
  return { share: all === 0 ? 0 : found / all, distinct: distinct.size };
}

function kanaShare(text: string): number {
  let all = 0;
  let found = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isKana(code)) found++;
    if (isKana(code) || (isHigh(code) && !isShared(code))) all++;
  }
  return all === 0 ? 0 : found / all;
}

/** Nothing where this runtime does not know the encoding: one without ICU knows few. */
function decodeAs(bytes: Uint8Array, encoding: string): string {
  try {
    return new TextDecoder(encoding).decode(bytes);
  } catch {
    return '';
  }
}

/** Parts of a file that are looked at, and bytes of each, so that what stands at the top does not speak for all of it. */
const sampledParts = 16;
const partBytes = 1024;

/** Stretches around what is not ASCII, from all through the file: two bytes on each side, for what stands beside it counts. */
function sampleOf(bytes: Uint8Array): Uint8Array {
  const sample: number[] = [];
  const step = Math.max(partBytes, Math.ceil(bytes.length / sampledParts));
  let at = 0;
  let taken = 0; // all before it is in the sample, or left out
  for (let part = 0; part < bytes.length; part += step) {
    if (at < part) at = taken = Math.max(taken, afterCharacter(bytes, part));
    const enough = sample.length + partBytes;
    for (; at < part + step && at < bytes.length && sample.length < enough; at++) {
      if (!isHigh(bytes[at]!)) continue;
      const end = Math.min(bytes.length, at + 3);
      for (taken = Math.max(taken, at - 2); taken < end; taken++) sample.push(bytes[taken]!);
    }
  }
  return Uint8Array.from(sample);
}

/** The next place at which no character is cut: behind a byte that none of the encodings has within one. */
function afterCharacter(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at]! >= 0x30) at++;
  return at;
}
