/**
 * How many calls run at once, and how many wait for a place in the order in which they came. Knows nothing of requests.
 *
 * Invariant: `running <= maxRunning`, and nobody waits while a place is free.
 */
import { TriviumError } from '@trivium/protocol';

interface Waiting {
  go: () => void;
}

export class Admission {
  readonly #maxRunning: number;
  readonly #maxWaiting: number;
  readonly #waiting: Waiting[] = [];
  #running = 0;

  constructor({ maxRunning, maxWaiting }: { maxRunning: number; maxWaiting: number }) {
    this.#maxRunning = maxRunning;
    this.#maxWaiting = maxWaiting;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Waits for a place; what it answers gives the place back, and giving it back twice is giving it back once.
   * @throws TriviumError `busy` when too many wait already; the signal's reason
   */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#running < this.#maxRunning) this.#running += 1;
    else await this.#turn(signal);
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
    if (this.#waiting.length >= this.#maxWaiting) {
      throw new TriviumError('busy', `${this.#running} calls run and ${this.#waiting.length} wait already.`, {
        expected: `at most ${this.#maxRunning} at once and ${this.#maxWaiting} waiting`,
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
