/**
 * Where streams are kept until they were read, so that clients can lose the connection and read on, though the stream ends
 * meanwhile. A store may be memory, files, or a service that several servers share. Knows text, no protocol.
 */

/** How a stream ended: whole, or because whoever wrote it is gone. */
export type StreamEnd = 'ended' | 'interrupted';

export interface StoredStream {
  /**
   * All text from the beginning, in the pieces in which it was written or larger ones, then what comes; for any number of readers.
   * One that is damaged ends as interrupted where it is.
   * @throws the signal's reason, and what may pass by: the stream is kept, and read again by who comes next
   */
  read(signal: AbortSignal): AsyncGenerator<string, StreamEnd, void>;
  /**
   * It was read to its end, or nobody wants it: it is not found any more. Those who read it read on. Stores that keep no stream
   * behind its end need none.
   */
  forget?(): Promise<void>;
}

export interface StreamWriter extends StoredStream {
  /** Kept once this resolves: a reader is given no text that a later one would not be given too. */
  append(text: string): Promise<void>;
  /** The stream is whole; or it is broken off, when not everything could be kept. */
  end(how?: StreamEnd): Promise<void>;
  /** Aborts where another process cancelled or replaced the stream: what is still to come is for nobody. */
  readonly unwanted?: AbortSignal;
}

/**
 * @example
 * const store: StreamStore = new FileStreamStore({ folder: './streams' });
 * const handler = createHandler({ host, streamStore: store });
 */
export interface StreamStore {
  /** Begins the stream of a key; the one before it is forgotten. */
  create(key: string): Promise<StreamWriter>;
  /** The stream of a key, while it runs and for a bounded time after its end, unless it was forgotten. */
  find(key: string): Promise<StoredStream | undefined>;
  /**
   * Has a stream that another process still writes end; it is not found any more. Stores of one process need none.
   * @returns whether there was one
   */
  cancel?(key: string): Promise<boolean>;
}
