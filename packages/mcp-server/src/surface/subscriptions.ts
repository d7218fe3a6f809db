/** The resources that one connection is told about. A URI is watched once however often it is asked for. */
import { sourceOf } from './requests.js';
import type { McpSurface } from './surface.js';

export class Subscriptions {
  readonly #surface: McpSurface;
  readonly #updated: (uri: string) => void;
  readonly #watched = new Map<string, Promise<() => void>>();
  #isClosed = false;

  constructor(surface: McpSurface, updated: (uri: string) => void) {
    this.#surface = surface;
    this.#updated = updated;
  }

  /** @throws TriviumError `not-found` where nothing is, `busy` where too much is watched */
  async add(uri: string): Promise<void> {
    let watching = this.#watched.get(uri);
    if (!watching) {
      watching = this.#watch(uri);
      this.#watched.set(uri, watching);
    }
    try {
      await watching;
    } catch (error) {
      if (this.#watched.get(uri) === watching) this.#watched.delete(uri);
      throw error;
    }
    // The connection went while the watch began.
    if (this.#isClosed) this.remove(uri);
  }

  remove(uri: string): void {
    const watching = this.#watched.get(uri);
    this.#watched.delete(uri);
    void watching?.then(
      (stop) => stop(),
      () => {},
    );
  }

  clear(): void {
    this.#isClosed = true;
    for (const uri of [...this.#watched.keys()]) this.remove(uri);
  }

  async #watch(uri: string): Promise<() => void> {
    return (await sourceOf(this.#surface, uri).watch?.(uri, () => this.#updated(uri))) ?? (() => {});
  }
}
