/** Lets a thread that is long at work hear messages and timers in between. */
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds of work after which messages are heard. */
const turn = 25;

export class Turns {
  readonly #signal: AbortSignal | undefined;
  #began = performance.now();

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** To be awaited between two pieces of work. @throws the signal's reason once it is aborted */
  async next(): Promise<void> {
    if (performance.now() - this.#began > turn) {
      await nextTurn();
      this.#began = performance.now();
    }
    this.#signal?.throwIfAborted();
  }
}
