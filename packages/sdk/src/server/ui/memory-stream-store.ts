/** Streams in memory: they go with this process, and after their end as they are read, grow old or become many. */
import { LiveText } from './live-text.js';
import type { StoredStream, StreamEnd, StreamStore, StreamWriter } from './stream-store.js';

export interface MemoryStreamStoreSettings {
  /** Milliseconds after which a stream that ended is forgotten, though nobody read it to its end; default: ten minutes. */
  keepMs?: number;
}

/** Of those that ended, however young. */
const keepCount = 256;

export class MemoryStreamStore implements StreamStore {
  readonly #keepMs: number;
  readonly #running = new Map<string, StoredStream>();
  /** In the order in which they ended. */
  readonly #ended = new Map<string, { stream: StoredStream; endedMs: number }>();

  constructor({ keepMs = 600_000 }: MemoryStreamStoreSettings = {}) {
    this.#keepMs = keepMs;
  }

  async create(key: string): Promise<StreamWriter> {
    const text = new LiveText();
    const stream: StoredStream = {
      read: (signal) => text.read(signal),
      forget: async () => {
        if (this.#running.get(key) === stream) this.#running.delete(key);
        if (this.#ended.get(key)?.stream === stream) this.#ended.delete(key);
      },
    };
    this.#running.set(key, stream);
    this.#ended.delete(key);
    return {
      ...stream,
      append: async (piece) => text.push(piece),
      end: async (how: StreamEnd = 'ended') => {
        text.end(how);
        // Else it was replaced or forgotten while it ran.
        if (this.#running.get(key) !== stream) return;
        this.#running.delete(key);
        this.#ended.set(key, { stream, endedMs: performance.now() });
        this.#forgetOld();
      },
    };
  }

  async find(key: string): Promise<StoredStream | undefined> {
    this.#forgetOld();
    return this.#running.get(key) ?? this.#ended.get(key)?.stream;
  }

  #forgetOld(): void {
    const oldestMs = performance.now() - this.#keepMs;
    for (const [key, { endedMs }] of this.#ended) {
      if (endedMs > oldestMs && this.#ended.size <= keepCount) return;
      this.#ended.delete(key);
    }
  }
}
