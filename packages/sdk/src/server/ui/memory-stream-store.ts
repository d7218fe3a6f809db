/** Streams in memory: resumed as long as this process lives, forgotten when they end. */
import { LiveText } from './live-text.js';
import type { StoredStream, StreamEnd, StreamStore, StreamWriter } from './stream-store.js';

export class MemoryStreamStore implements StreamStore {
  readonly #streams = new Map<string, LiveText>();

  async create(key: string): Promise<StreamWriter> {
    const text = new LiveText();
    this.#streams.set(key, text);
    return {
      append: async (piece) => text.push(piece),
      read: (signal) => text.read(signal),
      end: async (how: StreamEnd = 'ended') => {
        text.end(how);
        if (this.#streams.get(key) === text) this.#streams.delete(key);
      },
    };
  }

  async find(key: string): Promise<StoredStream | undefined> {
    return this.#streams.get(key);
  }
}
