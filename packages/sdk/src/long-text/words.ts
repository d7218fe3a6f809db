/** Words of English and Chinese text: for counting lengths and for lexical overlap. Refuses to know: models. */

/** With the marks that letters carry: in Hindi the vowels. */
const spacedWord = /[\p{L}\p{N}_$][\p{L}\p{M}\p{N}_$]*(?:['’.-][\p{L}\p{N}_$][\p{L}\p{M}\p{N}_$]*)*/gu;
const han = /\p{Script=Han}/gu;

/** Length in words: words of alphabetic scripts, and Chinese characters / 1.6. */
export function countWords(text: string): number {
  const characters = text.match(han)?.length ?? 0;
  const words = text.replace(han, ' ').match(spacedWord)?.length ?? 0;
  return words + characters / 1.6;
}

/** Longer than words and names are: of scripts without blanks, and encoded data. */
const longRun = /(?:[^\P{L}A-Za-z]|\p{M}){25,}|[\p{L}\p{M}\p{N}]{40,}/gu;

/** Length in words where some may not be told apart: of a run of letters longer than those at least its characters / 6. */
export function lengthInWords(text: string): number {
  let words = countWords(text);
  if (text.length < 25) return words; // it holds no such run
  for (const [run] of text.matchAll(longRun)) words += Math.max(0, run.length / 6 - countWords(run));
  return words;
}

export function isMostlyChinese(text: string): boolean {
  const characters = text.match(han)?.length ?? 0;
  return characters * 2 > text.replace(/[^\p{L}]/gu, '').length;
}

const stopWords = new Set(
  (
    'a an and are as at be been being but by can could did do does doing for from get gets had has have having he her ' +
    'him his how i if in into is it its just may me might more most must my no nor not of on one only or other our ' +
    'out over own shall she should so some such than that the their them then there these they this those through to ' +
    'too under up us use used using very want was way we were what when where which while who whom why will with ' +
    'would you your about after all also am any because before between both each few here off once same until again ' +
    "don't doesn't isn't i'm it's what's happen happens need want"
  ).split(' '),
);

/** Lower-case content terms: stemmed words, identifiers whole and in parts, Chinese character pairs. */
export function terms(text: string): string[] {
  const found: string[] = [];
  for (const match of text.matchAll(/[\p{L}\p{N}_$][\p{L}\p{M}\p{N}_$]*(?:['’]\p{L}+)?/gu)) {
    const word = match[0];
    if (/\p{Script=Han}/u.test(word)) pushChinese(word, found);
    else pushWord(word, found);
  }
  return found;
}

function pushWord(word: string, into: string[]): void {
  const lower = word.toLowerCase();
  if (!stopWords.has(lower)) into.push(stem(lower));
  const parts = word.split(/_|(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u);
  if (parts.length < 2) return;
  for (const part of parts) {
    const small = part.toLowerCase();
    if (small.length > 1 && !stopWords.has(small)) into.push(stem(small));
  }
}

function pushChinese(word: string, into: string[]): void {
  for (const run of word.matchAll(/\p{Script=Han}+|[^\p{Script=Han}]+/gu)) {
    const piece = run[0];
    if (!/\p{Script=Han}/u.test(piece)) pushWord(piece, into);
    else if (piece.length === 1) into.push(piece);
    else for (let i = 0; i + 1 < piece.length; i++) into.push(piece.slice(i, i + 2));
  }
}

/** A light English stemmer: plurals, -ing, -ed, -ly; enough for overlap, not for display. */
export function stem(word: string): string {
  if (word.length < 4) return word;
  let stemmed = word.replace(/['’]s$/u, '');
  if (/(?:ss|us|is)$/.test(stemmed)) return stemmed;
  stemmed = stemmed
    .replace(/ies$/, 'y')
    .replace(/(?<=(?:s|x|z|ch|sh))es$/, '')
    .replace(/s$/, '');
  const base = stemmed.replace(/(?:ing|ed|ly)$/, '');
  if (base !== stemmed && base.length >= 3 && /[aeiouy]/.test(base)) {
    stemmed = base.replace(/([bdgmnprt])\1$/, '$1');
  }
  return stemmed.length > 4 ? stemmed.replace(/e$/, '') : stemmed;
}

const questionWords =
  /^(?:so |and |please |hi,? )*(?:how (?:do|can|does|should|would|to|is|are|many|much|long)|what(?:'s| is| are| does| do| happens)?|which|who|whom|when|where|why(?: do| does| is| are)?|is there|are there|can i|does|do i|is it)\b\s*(?:i|we|you|it|the|an?|there)?\b/iu;
const questionWordsChinese =
  /(?:请问|怎么样|怎么|怎样|如何|什么是|是什么|为什么|哪个|哪些|哪里|是否|吗|呢|多少|多久|有没有|应该|可以|需要)/gu;

/** The question without its question words and marks: what a page would say. */
export function stripQuestion(question: string): string {
  const stripped = question.replace(questionWords, ' ').replace(questionWordsChinese, ' ');
  const kept = stripped.replace(/[?？]/gu, ' ').replace(/\s+/gu, ' ').trim();
  return kept || question.trim();
}
