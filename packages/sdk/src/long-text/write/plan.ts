/** How the words of a text are shared out, and how many tokens and calls they take. Refuses to know: models, prompts. */
import type { StageSettings, WriteSettings } from './settings.js';

/** Errs high: English takes about 1.4 tokens a word, Chinese 1 to 2.5; what is not written is not paid for. */
const tokensPerWord = 2.5;
const tokensForClosing = 32;
/** Kept free for what a chat template adds to system and prompt. */
export const templateTokens = 64;

/** Words of one section where nobody asked for a number of sections. */
const sectionWords = 250;
/** A point of fewer words is no use as an outline; where sections were asked for it may be half as long. */
const leastPointWords = 10;
const leastSectionWords = 20;

export const outputTokens = (words: number) => Math.ceil(words * tokensPerWord) + tokensForClosing;

/** Output tokens of one call at most: a third of the context, so that two thirds are left to read. */
export const outputLimit = ({ contextTokens, maxTokens = Number.POSITIVE_INFINITY }: StageSettings) =>
  Math.min(maxTokens, Math.floor(contextTokens / 3));

/** Words that one call of the stage can write. */
export const wordsPerCall = (stage: StageSettings) =>
  Math.max(8, Math.floor((outputLimit(stage) - tokensForClosing) / tokensPerWord));

/** Sections after the summary; the summary has as many points. Fewer than asked for where they would say nothing. */
export function sectionCount({ targetWords, summaryRatio, sections }: WriteSettings): number {
  const [summaryWords, restWords] = [targetWords * summaryRatio, targetWords * (1 - summaryRatio)];
  const wanted = sections ?? Math.min(200, Math.round(restWords / sectionWords));
  const leastWords = sections === undefined ? leastPointWords : leastPointWords / 2;
  const most = Math.min(Math.floor(summaryWords / leastWords), Math.floor(restWords / leastSectionWords));
  return Math.max(1, Math.min(wanted, most));
}

/**
 * Words of the next section: an equal part of what is left, so that one section makes up for another; at most half as
 * long again as its share, for a model that writes nothing must not swell the last section.
 */
export function nextSectionWords(left: number, sectionsLeft: number, share: number): number {
  return Math.round(Math.min(1.5 * share, Math.max(0.5 * share, left / sectionsLeft)));
}

/** Splits a whole number into `parts` that differ by one at most. */
export function evenly(whole: number, parts: number): number[] {
  return Array.from(
    { length: parts },
    (_, i) => Math.floor(((i + 1) * whole) / parts) - Math.floor((i * whole) / parts),
  );
}
