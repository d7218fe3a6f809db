/** Streams in memory: they go with this process, and after their end as they are read, grow old, become many or large. */
import { runAfter } from '../../base/timer.js';
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
  /** While it runs; readers that have begun read it to its end. */
  #live: LiveText | undefined = new LiveText();
  /** Behind its end. */
  #packed: PackedText | undefined;

  constructor(events: MemoryStreamEvents) {
    this.#events = events;
  }

  read(signal: AbortSignal): AsyncGenerator<string, StreamEnd, void> {
    return (this.#live ?? this.#packed!).read(signal);
  }

  async append(text: string): Promise<void> {
    this.#live?.push(text);
  }

  async end(how: StreamEnd = 'ended'): Promise<void> {
    if (!this.#live) return;
    this.#live.end(how);
    this.#packed = new PackedText(this.#live.pieces, how);
    this.#live = undefined;
    this.#events.onEnd(this.#packed.bytes);
  }

  async forget(): Promise<void> {
    this.#events.onForget();
  }
}

/** Pieces of an ended text as one, for each by itself takes several times what it says. */
class PackedText {
  readonly #text: string;
  /** Where each piece ends. */
  readonly #ends: Uint32Array;
  readonly #how: StreamEnd;

  constructor(pieces: readonly string[], how: StreamEnd) {
    this.#text = pieces.join('');
    let end = 0;
    this.#ends = Uint32Array.from(pieces, (piece) => (end += piece.length));
    this.#how = how;
  }

  /** Of memory: a text takes two a character if any of its characters does. */
  get bytes(): number {
    const isWide = /[\u0100-\uffff]/.test(this.#text);
    return this.#text.length * (isWide ? 2 : 1) + this.#ends.byteLength;
  }

  /** @throws the signal's reason */
  async *read(signal: AbortSignal): AsyncGenerator<string, StreamEnd, void> {
    let start = 0;
    for (const end of this.#ends) {
      signal.throwIfAborted();
      yield this.#text.slice(start, end);
      start = end;
    }
    return this.#how;
  }
}
