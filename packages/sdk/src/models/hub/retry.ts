/** Waiting between tries: exponential with jitter, or as long as the server asks. Knows no protocol. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TriviumError } from '@trivium/protocol';

export interface RetrySettings {
  /** Tries in a row that may fail without any progress. */
  attempts: number;
  baseDelayMs: number;
  /** Longest pause; a server that asks for a longer one is taken at its word and the call fails instead. */
  maxDelayMs: number;
}

export const defaultRetry: RetrySettings = { attempts: 5, baseDelayMs: 500, maxDelayMs: 60_000 };

/** A failure that may pass: another try can succeed. */
export class Transient extends Error {
  readonly failure: TriviumError;
  readonly retryAfterMs: number | undefined;
  /** Nothing was wrong with what came, there was only too little of it. */
  readonly kind: 'interrupted' | 'corrupt';

  constructor(failure: TriviumError, kind: 'interrupted' | 'corrupt', retryAfterMs?: number) {
    super(failure.message);
    this.failure = failure;
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
  }
}

export class Backoff {
  readonly #settings: RetrySettings;
  #failures = 0;

  constructor(settings: RetrySettings) {
    this.#settings = settings;
  }

  /** Progress was made: the next failure is a first one again. */
  reset(): void {
    this.#failures = 0;
  }

  /** Pauses before another try. @throws the failure itself when there have been enough, or the abort reason. */
  async wait({ failure, retryAfterMs }: Transient, signal: AbortSignal | undefined): Promise<void> {
    const { attempts, baseDelayMs, maxDelayMs } = this.#settings;
    this.#failures += 1;
    if (this.#failures >= attempts || (retryAfterMs ?? 0) > maxDelayMs) throw failure;
    // Jitter keeps many clients of one failed server apart.
    const exponential =
      Math.min(maxDelayMs, baseDelayMs * 2 ** (this.#failures - 1)) * (0.5 + Math.random() / 2);
    try {
      await sleep(retryAfterMs ?? exponential, undefined, signal ? { signal } : {});
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  }
}

/** `Retry-After` in milliseconds: seconds or a date. */
export function retryAfterMs(header: string | null, nowMs = Date.now()): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
