/**
 * What one stage has used and may still use: tokens, and time. Refuses to know: what the stage writes.
 */
import type { StageOutcome, WriteUsage } from '@trivium/protocol';
import type { StageSettings } from './settings.js';

export const noUsage: WriteUsage = { inputTokens: 0, cachedTokens: 0, outputTokens: 0, calls: 0 };

export const addUsage = (a: WriteUsage, b: WriteUsage): WriteUsage => ({
  inputTokens: a.inputTokens + b.inputTokens,
  cachedTokens: a.cachedTokens + b.cachedTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  calls: a.calls + b.calls,
});

/** Fewer output tokens than these are not worth a call. */
const leastOutputTokens = 16;

/** The tokens of all stages together. */
export interface TokenLedger {
  readonly maxTotalTokens: number;
  usedTokens: number;
}

export class StageMeter {
  readonly settings: StageSettings;
  usage = noUsage;
  /** Why the stage ends early, once it does. */
  ended: Exclude<StageOutcome, 'finished'> | undefined;
  readonly #ledger: TokenLedger;
  readonly #deadline = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #started = 0;
  #earlierMs = 0;

  constructor(settings: StageSettings, ledger: TokenLedger) {
    this.settings = settings;
    this.#ledger = ledger;
  }

  /** Aborts when the deadline has come. */
  get deadlineSignal(): AbortSignal {
    return this.#deadline.signal;
  }

  /** Milliseconds, those of earlier runs included. */
  get ms(): number {
    return this.#earlierMs + (this.#started ? performance.now() - this.#started : 0);
  }

  /** Counts what an earlier run used; before `start`, so that its deadline shrinks by it. */
  addEarlier(ms: number, usage: WriteUsage): void {
    this.#earlierMs += ms;
    this.add(usage);
  }

  /** Starts the clock; again is harmless. */
  start(): void {
    if (this.#started) return;
    this.#started = performance.now();
    const { deadlineMs } = this.settings;
    if (deadlineMs === undefined) return;
    const expire = () => {
      this.ended ??= 'deadline';
      this.#deadline.abort(new Error('deadline'));
    };
    if (deadlineMs <= this.#earlierMs) expire();
    else this.#timer = setTimeout(expire, deadlineMs - this.#earlierMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  add(usage: WriteUsage): void {
    this.usage = addUsage(this.usage, usage);
    this.#ledger.usedTokens += usage.inputTokens + usage.outputTokens;
  }

  /** Output tokens that a call of `inputTokens` may write, `wanted` at most; 0 ends the stage. */
  allowance(inputTokens: number, wanted: number): number {
    if (this.ended) return 0;
    const used = this.usage.inputTokens + this.usage.outputTokens;
    const own = (this.settings.maxTotalTokens ?? Number.POSITIVE_INFINITY) - used;
    const all = this.#ledger.maxTotalTokens - this.#ledger.usedTokens;
    const allowed = Math.min(wanted, Math.floor(Math.min(own, all) - inputTokens));
    if (allowed >= Math.min(wanted, leastOutputTokens)) return allowed;
    this.ended = 'budget';
    return 0;
  }
}
