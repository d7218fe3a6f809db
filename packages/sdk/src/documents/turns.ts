/** Lets a thread that is long at work hear messages and timers in between. */
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds of work after which others are heard: on a caller's thread its streams wait. */
const turn = 3;

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

  /** As `map` of an array. @throws the signal's reason once it is aborted; what `of` throws */
  async map<Item, Result>(
    items: readonly Item[],
    of: (item: Item, index: number) => Result,
  ): Promise<Result[]> {
    const results: Result[] = [];
    for (const [index, item] of items.entries()) {
      results.push(of(item, index));
      await this.next();
    }
    return results;
  }
}
