/**
 * Cites what a text was made from where its model does not: a sentence of which most words stand in a passage in the same
 * runs, and whose numbers and quotations all do, gets the number of that passage. A bag of the same words is not enough, and
 * only passages that the model was shown are looked at. Refuses to know: models, prompts.
 */
import { codeIn, markersIn } from '@trivium/protocol';
import { unsupported } from '../check-citations.js';
import { splitSentences } from '../sentences.js';
import { isMostlyChinese } from '../words.js';
import type { Passage } from './passages.js';

/** Words in the same order that count as taken over; of Chinese, characters. */
const runOf = (text: string) => (isMostlyChinese(text) ? { run: 6, least: 12 } : { run: 4, least: 6 });
/** Part of a sentence's words that must stand in such runs. */
const leastShare = 0.6;

const markersFirst = /^(?:\s*\[\d{1,6}(?:\s*[,，]\s*\d{1,6})*\])+/u;
/** Headings, rows of tables and fences are no statements; nor is what stands in code. */
const noStatement = /^\s*(?:#{1,6}\s|\||```)/u;

export interface AlignedText {
  text: string;
  /** Sentences that got a number. */
  added: number;
}

/**
 * @param shown the passages that the text was written from
 * @example (await alignCitations('Green tea steeps for two minutes at eighty degrees.', passages)).text; // '… degrees [3].'
 */
export async function alignCitations(text: string, shown: readonly Passage[]): Promise<AlignedText> {
  const code = codeIn(text);
  const held = shown.map((passage): Held => ({ passage, words: wordsOf(passage.text), runs: new Map() }));
  let aligned = '';
  let from = 0;
  let added = 0;
  for (const sentence of splitSentences(text)) {
    // Markers behind a full stop are of the sentence before.
    const claim = sentence.text.replace(markersFirst, '');
    const isCited = markersIn(claim).length > 0 || markersFirst.test(text.slice(sentence.end));
    if (isCited || noStatement.test(claim)) continue;
    const source = await sourceOf(claim, held);
    if (!source) continue;
    const closing = /[.!?…。！？｡]+["'”’»)\]）」』】》*_]*$/u.exec(sentence.text)?.[0].length ?? 0;
    const at = sentence.end - closing;
    if (code.some(({ start, end }) => start < at && at < end)) continue;
    aligned += `${text.slice(from, at)} [${source.number}]`;
    from = at;
    added += 1;
  }
  return { text: aligned + text.slice(from), added };
}

/** A passage that was shown, its words, and the runs of them by their length. */
interface Held {
  passage: Passage;
  words: readonly string[];
  runs: Map<number, Set<string>>;
}

/** The passage that most of the claim stands in; of equals the first. */
async function sourceOf(claim: string, shown: readonly Held[]): Promise<Passage | undefined> {
  const { run, least } = runOf(claim);
  const words = wordsOf(claim);
  if (words.length < least) return undefined;
  const ranked = shown
    .map((held) => ({ passage: held.passage, share: sharedRuns(words, runsOf(held, run), run) }))
    .filter(({ share }) => share >= leastShare)
    .sort((a, b) => b.share - a.share);
  for (const { passage } of ranked)
    if ((await unsupported(claim, passage.text)) === undefined) return passage;
  return undefined;
}

const wordsOf = (text: string) =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .match(/\p{Script=Han}|[\p{L}\p{N}_$][\p{L}\p{M}\p{N}_$]*/gu) ?? [];

function runsOf({ words, runs }: Held, length: number): Set<string> {
  let found = runs.get(length);
  if (!found) {
    found = new Set();
    for (let at = 0; at + length <= words.length; at += 1) found.add(words.slice(at, at + length).join(' '));
    runs.set(length, found);
  }
  return found;
}

/** The part of `words` that stands in `runs`, which are of `run` words. */
function sharedRuns(words: readonly string[], runs: ReadonlySet<string>, run: number): number {
  let shared = 0;
  let coveredTo = 0;
  for (let at = 0; at + run <= words.length; at += 1) {
    if (!runs.has(words.slice(at, at + run).join(' '))) continue;
    shared += at + run - Math.max(at, coveredTo);
    coveredTo = at + run;
  }
  return words.length === 0 ? 0 : shared / words.length;
}
