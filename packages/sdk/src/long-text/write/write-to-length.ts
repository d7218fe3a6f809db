/**
 * Writes a text of a given length in as many calls as that takes: asks on while it is short, at most twice beyond plan,
 * and ends a call that overruns at a sentence end. So any model ends, whatever it makes of the length asked for.
 * Refuses to know: stages, prompts.
 */
import { countWords } from '../words.js';
import { cutNear, withoutOpenSentence } from './length.js';
import { brief, loopStart } from './loops.js';
import { type CallResult, callModel } from './model-call.js';
import { wordsPerCall } from './plan.js';
import type { StageMeter } from './stage-meter.js';

/** Calls beyond plan that ask to go on. */
const continuations = 2;
/** Calls of one text at most, however small `maxTokens` makes them. */
const mostPlannedCalls = 12;
/** Words that are not worth a call of their own. */
const leastAskedWords = 8;

export interface LengthRequest {
  words: number;
  /** Shares of `words` by which the text may fall short or run over. */
  mayLack: number;
  mayExceed: number;
  /** The prompt for `words` more after `before`. */
  ask: (words: number, before: string) => Promise<{ system: string; prompt: string }>;
  /** What is kept of what a call wrote; empty if nothing is. */
  settle: (piece: string) => Promise<{ text: string; warnings: string[] }>;
  join: (before: string, piece: string) => string;
  /** Words of what stands. */
  measure: (text: string) => number;
  onDelta: (text: string) => void;
}

export interface WrittenToLength {
  text: string;
  warnings: string[];
  /** The model went round in circles: within a call, or from one to the next. */
  hasLooped: boolean;
}

export async function writeToLength(
  request: LengthRequest,
  meter: StageMeter,
  signal?: AbortSignal,
): Promise<WrittenToLength> {
  const { words, mayLack, mayExceed } = request;
  const perCall = wordsPerCall(meter.settings);
  const planned = Math.min(mostPlannedCalls, Math.max(1, Math.ceil(words / perCall)));
  const warnings: string[] = [];
  let text = '';
  let hasLooped = false;
  for (let call = 0; call < planned + continuations && !meter.ended; call++) {
    const missing = words - request.measure(text);
    if (text !== '' && (missing <= words * mayLack || missing < leastAskedWords)) break;
    const asked = missing / Math.ceil(missing / perCall);
    const most = asked + words * mayExceed;
    const result = await callModel(
      {
        ...(await request.ask(asked, text)),
        words: asked,
        onDelta: request.onDelta,
        isEnough: (written) => countWords(written) > most,
      },
      meter,
      signal,
    );
    const piece = wholeText(result, asked, most);
    const isCircle = piece.isBroken && loopStart(piece.text, brief) !== undefined;
    const isTurning = isCircle || result.end === 'looped';
    // What it wrote twice it will write again.
    if (isTurning && hasLooped) break;
    hasLooped ||= isTurning;
    if (isCircle) continue;
    if (piece.isBroken) warnings.push('A text without sentence ends was cut at its length, marked by "…".');
    const settled = await request.settle(piece.text);
    warnings.push(...settled.warnings);
    if (settled.text !== '' && text.includes(settled.text)) {
      hasLooped = true;
      break;
    }
    text = request.join(text, settled.text);
  }
  return { text, warnings: [...new Set(warnings)], hasLooped };
}

/** What a call wrote, cut to its length and to whole sentences. */
export function wholeText({ text, end }: CallResult, asked: number, most: number) {
  if (countWords(text) > most) return cutNear(text.trim(), asked);
  if (end === 'length') return withoutOpenSentence(text);
  if (end === 'ended' || end === 'looped') {
    const whole = withoutOpenSentence(text);
    return whole.isBroken ? { text: '', isBroken: false } : whole;
  }
  return { text: text.trim(), isBroken: false };
}
