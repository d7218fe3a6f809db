/**
 * Checks what a language model claims against the passages that it cites. A citation holds when every quotation and
 * every number in digits of the claim stands in the passage and enough of its words, or of its meaning, do.
 * Refuses to know: prompts, models.
 */
import { markersIn } from '@trivium/protocol';
import { dot, normalized } from '../documents/vectors.js';
import { splitSentences } from './sentences.js';
import type { EmbedTexts } from './types.js';
import { isMostlyChinese, terms } from './words.js';

const minimumOverlap = 0.4;
const minimumSimilarity = 0.55;

export interface CheckedText {
  /** The text without unsupported markers; the rest renumbered from 1 in order of appearance. */
  text: string;
  /** Indices of the passages cited, in the new order. */
  cited: number[];
  warnings: string[];
}

/** `passages[n - 1]` is what a marker `[n]` cites; of the passages, the first `atMost` that are cited stay. */
export async function checkCitations(
  text: string,
  passages: readonly { text: string }[],
  embed?: EmbedTexts,
  signal?: AbortSignal,
  atMost = Number.POSITIVE_INFINITY,
): Promise<CheckedText> {
  const cited: number[] = [];
  const warnings: string[] = [];
  let checked = '';
  let from = 0;
  let claim = '';
  for (const { start, end, blanks, numbers } of markersIn(text)) {
    const between = text.slice(from, start);
    from = end;
    // Markers side by side support one claim; a marker after a full stop belongs to the sentence before it.
    if (/[\p{L}\p{N}]/u.test(between)) claim = lastSentence(between);
    const places = new Set<number>();
    for (const number of numbers) {
      const index = number - 1;
      const passage = passages[index];
      const reason = !passage
        ? 'there is no such passage'
        : !cited.includes(index) && cited.length >= atMost
          ? `no more than ${atMost} were asked for`
          : await unsupported(claim, passage.text, embed, signal);
      if (reason)
        warnings.push(`Dropped citation [${number}] of "${claim.trim().slice(0, 120)}": ${reason}.`);
      else places.add((cited.includes(index) ? cited.indexOf(index) : cited.push(index) - 1) + 1);
    }
    // Behind the fence that ends code nothing may stand.
    const gap = blanks.includes('\n') && /(?:```|~~~)$/u.test(between) ? '\n' : ' ';
    checked += between + (places.size > 0 ? `${gap}[${[...places].join(', ')}]` : '');
  }
  return { text: (checked + text.slice(from)).trim(), cited, warnings };
}

/** Why `passage` does not support `claim`, or undefined if it does. */
export async function unsupported(
  claim: string,
  passage: string,
  embed?: EmbedTexts,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const said = withoutHyphens(passage);
  for (const quote of quotations(claim)) {
    if (!said.includes(withoutHyphens(quote).replace(/[.,;:!?。，]+$/u, '')))
      return `it does not say "${quote}"`;
  }
  const numbers = new Set(numbersIn(passage));
  for (const number of numbersIn(claim)) {
    if (!numbers.has(number)) return `it does not hold the number ${number}`;
  }
  const claimed = [...new Set(terms(claim))];
  const held = new Set(terms(passage));
  const share = claimed.filter((term) => held.has(term)).length / Math.max(1, claimed.length);
  if (share >= minimumOverlap) return undefined;
  // Across languages words cannot overlap; meaning must.
  if (embed) {
    const [a, b] = (await embed([claim, passage], signal ? { signal } : {})).map(normalized);
    if (dot(a!, b!) >= minimumSimilarity) return undefined;
  } else if (isMostlyChinese(claim) !== isMostlyChinese(passage)) {
    return 'its language differs and no embedder is there to compare meanings';
  }
  return 'too little of it stands there';
}

/** Its list number is no part of what a sentence claims. */
const lastSentence = (text: string) =>
  (splitSentences(text).at(-1)?.text ?? text).replace(/^(?:\d{1,3}[.)、．]|[-*+•])\s*(?=\D)/u, '');

/** Of words that blanks part: between them marks are apostrophes, and a mark behind one is of a length, as in 12". */
const letter = String.raw`(?:(?!\p{Script=Han})[\p{L}\p{N}])`;
/** The mark that closes, where it is one; others are told apart from it by themselves: of two ways to read one, each doubles the work. */
const apostrophe = (mark: string) => `(?<=${letter})${mark}(?=${letter})`;
/** Words that begin with an apostrophe: '90s, rock 'n' roll. */
const elided = String.raw`(?:\d\ds?|n|em|tis|twas|til|cause|bout)(?!${letter})`;
const singleMarks = (open: string, inner: string, close: string) =>
  new RegExp(`(?<!${letter})${open}(?=\\S)((?:${inner}|${apostrophe(close)})*)${close}(?!${letter})`, 'giu');

/** Each mark closes its own kind. */
const quotationMarks = [
  /“([^“”]*)”/gu,
  /„([^„“”]*)[“”]/gu,
  /‚([^‚‘’]*)[‘’]/gu,
  /「([^「」]*)」/gu,
  /『([^『』]*)』/gu,
  /«([^«»]*)»/gu,
  // As German books have it; where « opens, no word begins behind ».
  /(?<![\p{L}\p{N}\p{P}])»(?=[\p{L}\p{N}])([^«»]*)«/gu,
  /(?<![\p{Lu}\p{Ll}\p{N}])"(?=\S)([^"]*)"/gu,
  singleMarks(`‘(?!${elided})`, `[^‘’]`, '’'),
  singleMarks(`'(?!${elided})`, `[^']`, "'"),
];
/** Characters from which on a quotation can be told from a name or a letter. */
const shortestQuotation = 3;

/** What a claim says word for word. */
const quotations = (claim: string): string[] =>
  quotationMarks
    .flatMap((marks) => [...claim.matchAll(marks)].map(([, quote]) => quote!.trim()))
    .filter((quote) => quote.length >= shortestQuotation);

/** Without the commas between thousands. */
const numbersIn = (text: string): string[] =>
  normalizeText(text)
    .replace(/(?<=\d),(?=\d{3}(?!\d))/gu, '')
    .match(/\d+(?:[.,]\d+)*/gu) ?? [];

/** A source may part words where its lines end, and who quotes it does not. */
const withoutHyphens = (text: string) =>
  normalizeText(text).replace(/\u00ad ?|(?<=\p{L})[-\u2010] ?(?=\p{L})/gu, '');

const normalizeText = (text: string) =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[*_`]/gu, '')
    .replace(/[‘’]/gu, "'")
    .replace(/\s+/gu, ' ')
    .trim();
