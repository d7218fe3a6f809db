/** Text that grows while it is read: every reader gets all of it, each at its own pace. Keeps pieces, knows no files. */
import type { StreamEnd } from './stream-store.js';

export class LiveText {
  readonly #pieces: string[] = [];
  readonly #waiting = new Set<() => void>();
  #end: StreamEnd | undefined;

  /** All that there is by now. */
  get pieces(): readonly string[] {
    return this.#pieces;
  }

  push(piece: string): void {
    this.#pieces.push(piece);
    this.#wake();
  }

  end(how: StreamEnd): void {
    this.#end ??= how;
    this.#wake();
  }

  /** @throws the signal's reason */
  async *read(signal: AbortSignal): AsyncGenerator<string, StreamEnd, void> {
    let next = 0;
    for (;;) {
      signal.throwIfAborted();
      if (next < this.#pieces.length) {
        yield this.#pieces[next]!;
        next += 1;
      } else if (this.#end) return this.#end;
      else await this.#growth(signal);
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #growth(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}
