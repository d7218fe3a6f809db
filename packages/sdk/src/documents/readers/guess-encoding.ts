/**
 * Tells by the letters that languages use most which legacy encoding bytes are in that do not say theirs. Read in another one, an
 * Asian text gives one such character in thirty, where in its own it gives one in three. Knows nothing of files, and proves
 * nothing: what it says is a guess.
 */

interface Candidate {
  encoding: string;
  /** UTF-16 codes of what its languages use most. */
  common: ReadonlySet<number>;
  /** The least share of these in all that is not ASCII. */
  least: number;
  isAlphabet: boolean;
}

const codesOf = (letters: string) => Array.from(letters, (letter) => letter.charCodeAt(0));

/** Alphabets give half of their share by chance, for they have few letters. */
const leastShare = { characters: 0.15, letters: 0.7 };
/** How many there must be, lest it be luck. */
const leastCount = { characters: 6, letters: 12 };

function characters(encoding: string, ...common: readonly number[][]): Candidate {
  return { encoding, common: new Set(common.flat()), least: leastShare.characters, isAlphabet: false };
}

function letters(encoding: string, common: string): Candidate {
  return { encoding, common: new Set(codesOf(common)), least: leastShare.letters, isAlphabet: true };
}

const kana = Array.from({ length: 0x30ff - 0x3041 }, (_, index) => 0x3041 + index);
const kanji = codesOf(
  '日一人年大本中出会国上時見前名無当分自行生事者間後手子入力文字合用使定数表示関書込外部設取除指場動実作成型開始終了内容方法全次最今何私思言気来地語物新理体度同',
);
const hangul = codesOf(
  '다니이에을는수습하를로지가용은일사기서합의한스있정없할인자고해트리시으어입제식드모도터보요대되성라형프상면된구나개만그여원전세문적경내위',
);
const simplified = codesOf(
  '的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日使数据类型件文名将项或选置模式参量示此码入表户',
);
const traditional = codesOf(
  '的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日使式檔案者無型組設數類選字文新資號',
);
const cyrillic = 'оеаинтсрвлкмдпуязыьг';
const greek = 'αοιετσνηυρπκλμωςγδίόάέήύώ';

const candidates: readonly Candidate[] = [
  // Both have the same kana; where nothing else tells, they are Japanese.
  characters('EUC-JP', kanji, kana),
  characters('GB18030', simplified, kana),
  characters('Shift_JIS', kanji, kana),
  characters('EUC-KR', hangul),
  characters('Big5', traditional),
  letters('Windows-1251', cyrillic),
  letters('KOI8-R', cyrillic),
  letters('Windows-1253', greek),
];

/** Bytes that are looked at, from the first that is not ASCII. */
const sampleBytes = 4096;

/** The likeliest encoding, as a label of TextDecoder; `undefined` where nothing speaks for one. */
export function likeliestEncoding(bytes: Uint8Array): string | undefined {
  let from = 0;
  while (from < bytes.length && bytes[from]! < 0x80) from++;
  const sample = bytes.subarray(from, from + sampleBytes);
  let likeliest: string | undefined;
  let most = 0;
  for (const candidate of candidates) {
    const share = commonShare(sample, candidate);
    if (share < candidate.least || share <= most) continue;
    likeliest = candidate.encoding;
    most = share;
  }
  return likeliest;
}

/** What share of all that is not ASCII is common; 0 where it is too little to tell. */
function commonShare(bytes: Uint8Array, { encoding, common, isAlphabet }: Candidate): number {
  const text = decodeAs(bytes, encoding);
  let others = 0;
  let found = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x80) continue;
    others++;
    if (common.has(code) && standsWell(text, at, isAlphabet)) found++;
  }
  return found < leastCount[isAlphabet ? 'letters' : 'characters'] ? 0 : found / others;
}

/** Not within a word of Latin letters, as those of "mogę" do; letters of an alphabet beside others of it, as "è" is not. */
function standsWell(text: string, at: number, isAlphabet: boolean): boolean {
  const before = text.charCodeAt(at - 1);
  const after = text.charCodeAt(at + 1);
  if (!isAlphabet) return !isLatin(before) || !isLatin(after);
  return !isLatin(before) && !isLatin(after) && (before >= 0x80 || after >= 0x80);
}

const isLatin = (code: number) => (code | 32) >= 97 && (code | 32) <= 122;

/** Nothing where this runtime does not know the encoding: one without ICU knows few. */
function decodeAs(bytes: Uint8Array, encoding: string): string {
  try {
    return new TextDecoder(encoding).decode(bytes);
  } catch {
    return '';
  }
}
