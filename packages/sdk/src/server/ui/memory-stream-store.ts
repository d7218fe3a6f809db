/** Streams in memory: they go with this process, and after their end as they are read, grow old, become many or large. */
import { runAfter } from '../../timer.js';
import { LiveText } from './live-text.js';
import type { StoredStream, StreamEnd, StreamStore, StreamWriter } from './stream-store.js';

export interface MemoryStreamStoreSettings {
  /** Milliseconds after which a stream that ended is forgotten, though nobody read it to its end; default: ten minutes. */
  keepMs?: number;
  /** Bytes of streams that ended and are kept, at most: those that ended first go first; default: 64 MiB. */
  keepBytes?: number;
}

/** Of those that ended, however young and small. */
const keepCount = 256;

interface Kept {
  stream: StoredStream;
  bytes: number;
  timer: NodeJS.Timeout | undefined;
}

export class MemoryStreamStore implements StreamStore {
  readonly #keepMs: number;
  readonly #keepBytes: number;
  readonly #running = new Map<string, StoredStream>();
  /** In the order in which they ended. */
  readonly #ended = new Map<string, Kept>();
  #endedBytes = 0;

  constructor({ keepMs = 600_000, keepBytes = 64 * 2 ** 20 }: MemoryStreamStoreSettings = {}) {
    this.#keepMs = keepMs;
    this.#keepBytes = keepBytes;
  }

  async create(key: string): Promise<StreamWriter> {
    const stream: MemoryStream = new MemoryStream({
      onEnd: (bytes) => {
        // Else it was replaced or forgotten while it ran.
        if (this.#running.get(key) !== stream) return;
        this.#running.delete(key);
        this.#keep(key, stream, bytes);
      },
      onForget: () => {
        if (this.#running.get(key) === stream) this.#running.delete(key);
        if (this.#ended.get(key)?.stream === stream) this.#drop(key);
      },
    });
    this.#running.set(key, stream);
    this.#drop(key);
    return stream;
  }

  async find(key: string): Promise<StoredStream | undefined> {
    return this.#running.get(key) ?? this.#ended.get(key)?.stream;
  }

  #keep(key: string, stream: StoredStream, bytes: number): void {
    const timer = runAfter(this.#keepMs, () => this.#drop(key))?.unref();
    this.#ended.set(key, { stream, bytes, timer });
    this.#endedBytes += bytes;
    for (const oldest of this.#ended.keys()) {
      if (this.#ended.size <= keepCount && this.#endedBytes <= this.#keepBytes) return;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    const kept = this.#ended.get(key);
    if (!kept) return;
    clearTimeout(kept.timer);
    this.#endedBytes -= kept.bytes;
    this.#ended.delete(key);
  }
}

interface MemoryStreamEvents {
  onEnd: (bytes: number) => void;
  onForget: () => void;
}

class MemoryStream implements StreamWriter {
  readonly #events: MemoryStreamEvents;
  /** While it runs: readers that have begun read it to its end. */
  #live: LiveText | undefined = new LiveText();
  /** Behind its end, for pieces of text take several times as much as they say. */
  #whole: { bytes: Buffer; how: StreamEnd } | undefined;

  constructor(events: MemoryStreamEvents) {
    this.#events = events;
  }

  async *read(signal: AbortSignal): AsyncGenerator<string, StreamEnd, void> {
    if (this.#live) return yield* this.#live.read(signal);
    const { bytes, how } = this.#whole!;
    signal.throwIfAborted();
    if (bytes.length > 0) yield bytes.toString();
    return how;
  }

  async append(text: string): Promise<void> {
    this.#live?.push(text);
  }

  async end(how: StreamEnd = 'ended'): Promise<void> {
    if (!this.#live) return;
    this.#live.end(how);
    this.#whole = { bytes: Buffer.from(this.#live.text), how };
    this.#live = undefined;
    this.#events.onEnd(this.#whole.bytes.length);
  }

  async forget(): Promise<void> {
    this.#events.onForget();
  }
}
