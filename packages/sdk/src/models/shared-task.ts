/** Work that several callers wait for: it is done once, and stops when the last of them has given up. */

export interface JoinOptions<Progress> {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
}

export class SharedTask<Output, Progress = never> {
  readonly #controller = new AbortController();
  readonly #listeners = new Set<(progress: Progress) => void>();
  readonly #result: Promise<Output>;
  #waiting = 0;

  constructor(run: (signal: AbortSignal, report: (progress: Progress) => void) => Promise<Output>) {
    this.#result = run(this.#controller.signal, (progress) => {
      for (const listener of this.#listeners) listener(progress);
    });
    // Each waiter sees the failure; without one it must not count as unhandled.
    this.#result.catch(() => {});
  }

  /** Nobody waits any more: a newcomer must begin anew. */
  get abandoned(): boolean {
    return this.#controller.signal.aborted;
  }

  /** @throws the failure of the work, or the reason of this caller's signal, which leaves the other callers alone */
  async join({ signal, onProgress }: JoinOptions<Progress> = {}): Promise<Output> {
    this.#waiting += 1;
    if (onProgress) this.#listeners.add(onProgress);
    let abort: (() => void) | undefined;
    try {
      // Here, so that work that was begun for this caller alone ends with it.
      signal?.throwIfAborted();
      if (!signal) return await this.#result;
      const aborted = new Promise<never>((_, reject) => {
        abort = () => reject(signal.reason);
        signal.addEventListener('abort', abort, { once: true });
      });
      return await Promise.race([this.#result, aborted]);
    } finally {
      if (abort) signal?.removeEventListener('abort', abort);
      if (onProgress) this.#listeners.delete(onProgress);
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#controller.abort();
    }
  }
}
