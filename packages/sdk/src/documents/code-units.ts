/**
 * What UTF-16 code units are to words, as tables, for texts are scanned a unit at a time. Halves of surrogate pairs are
 * taken as characters by themselves. Refuses to know: terms, languages.
 */

/** `word` is of a word, `single` a character that is a term by itself, a `joiner` inside of a word says nothing. */
export const unitClass = { none: 0, word: 1, single: 2, joiner: 3 } as const;

type Range = readonly [first: number, last: number];

const scanned: readonly Range[] = [
  [0, 0x33ff],
  [0xa000, 0xabff],
  [0xfb00, 0xffff],
];
/** Chinese, kana and Hangul, and surrogates of the rarer planes. */
const singles: readonly Range[] = [
  [0x3005, 0x3007],
  [0x3040, 0x30ff],
  [0x3400, 0x9fff],
  [0xac00, 0xdfff],
  [0xf900, 0xfaff],
];
/** Thai, Lao, Burmese and Khmer: words without blanks between them, too, but with punctuation of their own. */
const unspaced: readonly Range[] = [
  [0xe00, 0xeff],
  [0x1000, 0x109f],
  [0x1780, 0x17ff],
];
/** Letters and marks by Unicode that stand beside words: signs of order (90º), what encloses or varies a symbol. */
const besideWords: readonly Range[] = [
  [0xaa, 0xaa],
  [0xba, 0xba],
  [0x20d0, 0x20ff],
  [0xfe00, 0xfe0f],
];
const softHyphen = 0xad;
const zeroWidthJoiner = 0x200d;

/** The class of each unit. */
export const unitClasses = new Uint8Array(0x10000);

const fill = (ranges: readonly Range[], value: number) => {
  for (const [first, last] of ranges) unitClasses.fill(value, first, last + 1);
};
// Digits that are raised or lowered (m², H₂O, a note's number) end words, for who asks writes none.
for (const [first, last] of scanned) {
  const units = String.fromCharCode(...Array.from({ length: last + 1 - first }, (_, at) => first + at));
  for (const { index, 0: run } of units.matchAll(/[\p{L}\p{M}\p{Nd}\p{Nl}_]+/gu))
    unitClasses.fill(unitClass.word, first + index, first + index + run.length);
}
fill(singles, unitClass.single);
for (const [first, last] of unspaced)
  for (let unit = first; unit <= last; unit++)
    if (unitClasses[unit] === unitClass.word) unitClasses[unit] = unitClass.single;
fill(besideWords, unitClass.none);
unitClasses[softHyphen] = unitClass.joiner;
unitClasses[zeroWidthJoiner] = unitClass.joiner;

const tabled = 0x2000;
/** The lower case of each unit below U+2000. */
export const lowered = Uint16Array.from({ length: tabled }, (_, unit) =>
  String.fromCharCode(unit).toLowerCase().charCodeAt(0),
);

export const isUpper = (unit: number) =>
  unit < 0x80 ? unit >= 0x41 && unit <= 0x5a : unit < tabled && lowered[unit] !== unit;

const compatible = new Map<number, Uint16Array>();

/** Writes a unit of a word in lower case into `to[at]` and on, ligatures and wide letters as what they stand for. */
export function writeLower(unit: number, to: Uint16Array, at: number): number {
  if (unit < tabled) {
    // In capitals, a Greek sigma that ends a word is like any other.
    to[at] = unit === 0x3c2 ? 0x3c3 : lowered[unit]!;
    return at + 1;
  }
  let units = compatible.get(unit);
  if (!units) {
    const letters = String.fromCharCode(unit).normalize('NFKC').toLowerCase();
    units = Uint16Array.from(letters, (letter) => letter.charCodeAt(0));
    compatible.set(unit, units);
  }
  const fitting = units.subarray(0, to.length - at);
  to.set(fitting, at);
  return at + fitting.length;
}

/** Accents that stand behind their letter, as in names of files on macOS. */
export const isAccent = (unit: number) => unit >= 0x300 && unit < 0x370;

/** Both as one character, or 0 where there is none. */
export function compose(letter: number, accent: number): number {
  const composed = String.fromCharCode(letter, accent).normalize('NFC');
  return composed.length === 1 ? composed.charCodeAt(0) : 0;
}
