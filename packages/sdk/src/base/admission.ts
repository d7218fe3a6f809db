/**
 * How many calls run at once, and how many wait for a place in the order in which they came. Surfaces over one host share one,
 * so that what one takes the other has not. Knows nothing of requests.
 *
 * Invariant: `running <= maxConcurrent`, and nobody waits while a place is free.
 */
import { TriviumError } from '@trivium/protocol';
import { assertWholeNumber } from './whole-number.js';

interface Waiting {
  go: () => void;
}

export interface AdmissionSettings {
  /** Calls that run at once; default 64. */
  maxConcurrent?: number | undefined;
  /** Calls that wait for a place; more are refused as `busy`. Default 256. */
  maxQueued?: number | undefined;
}

/** @throws TriviumError `invalid-argument` naming the setting */
export class Admission {
  readonly #maxConcurrent: number;
  readonly #maxQueued: number;
  readonly #waiting: Waiting[] = [];
  #running = 0;

  constructor({ maxConcurrent = 64, maxQueued = 256 }: AdmissionSettings = {}) {
    assertWholeNumber('maxConcurrent', maxConcurrent, 1);
    assertWholeNumber('maxQueued', maxQueued, 0);
    this.#maxConcurrent = maxConcurrent;
    this.#maxQueued = maxQueued;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Waits for a place; what it answers gives the place back, and giving it back twice is giving it back once.
   * @param onWaiting told at once where the call is taken and has to wait
   * @throws TriviumError `busy` when too many wait already; the signal's reason
   */
  async enter(signal: AbortSignal, onWaiting?: () => void): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#running < this.#maxConcurrent) this.#running += 1;
    else {
      const turn = this.#turn(signal);
      onWaiting?.();
      await turn;
    }
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = this.#waiting.shift();
      // The place goes from hand to hand, so that nobody comes between.
      if (next) next.go();
      else this.#running -= 1;
    };
  }

  #turn(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length >= this.#maxQueued) {
      throw new TriviumError('busy', `${this.#running} calls run and ${this.#waiting.length} wait already.`, {
        expected: `at most ${this.#maxConcurrent} at once and ${this.#maxQueued} waiting`,
        remedy: 'Try again in a moment.',
      });
    }
    return new Promise<void>((resolve, reject) => {
      const leave = () => {
        const at = this.#waiting.indexOf(waiting);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(signal.reason);
      };
      const waiting: Waiting = {
        go: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiting);
    });
  }
}
