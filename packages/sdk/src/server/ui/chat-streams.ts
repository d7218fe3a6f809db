/**
 * Answers of chats as they run, apart from the requests that began them: a client that goes stops nothing, one that comes
 * back reads from the beginning, and only a cancel ends one. Knows frames and keys, no models.
 */
import { lastEventsMs } from '../event-stream.js';
import type { StoredStream, StreamEnd, StreamStore, StreamWriter } from './stream-store.js';

interface Running {
  controller: AbortController;
  settled: Promise<void>;
  /** Absent until the store has made it. */
  writer?: StreamWriter;
}

/** Makes the frames of an answer, until its signal says otherwise. */
export type Answer = (signal: AbortSignal) => AsyncIterable<string>;

export interface StartedStream {
  stream: StoredStream;
  /** Resolves when the answer has ended. */
  settled: Promise<void>;
}

export class ChatStreams implements AsyncDisposable {
  readonly #store: StreamStore;
  readonly #running = new Map<string, Running>();
  #stopped: Error | undefined;

  constructor(store: StreamStore) {
    this.#store = store;
  }

  /** Begins the answer of a chat; one that still runs in it is ended first, for a chat has one at a time. */
  async start(chat: string, answer: Answer): Promise<StartedStream> {
    // Two calls may come at once: each waits for the one before it.
    for (let before = this.#running.get(chat); before; before = this.#running.get(chat)) {
      this.supersede(chat);
      await before.settled;
    }
    if (this.#stopped !== undefined) throw this.#stopped;
    const controller = new AbortController();
    let settle!: () => void;
    const settled = new Promise<void>((resolve) => (settle = resolve));
    const running: Running = { controller, settled };
    this.#running.set(chat, running);
    const end = () => {
      if (this.#running.get(chat) === running) this.#running.delete(chat);
      settle();
    };
    try {
      const writer = await this.#store.create(chat);
      running.writer = writer;
      writer.unwanted?.addEventListener('abort', () => controller.abort(endedElsewhere()), { once: true });
      void keep(answer, writer, controller).finally(end);
      return { stream: writer, settled };
    } catch (error) {
      end();
      throw error;
    }
  }

  /** Tells the answer that runs in a chat to end, for a new one is to come. */
  supersede(chat: string): void {
    this.#running.get(chat)?.controller.abort(superseded());
  }

  find(chat: string): Promise<StoredStream | undefined> {
    return this.#store.find(chat);
  }

  /**
   * Ends the answer that runs in a chat, for good: nobody comes back for it. One that another process writes ends soon after.
   * @returns whether one ran
   */
  async cancel(chat: string, reason: unknown): Promise<boolean> {
    const running = this.#running.get(chat);
    running?.controller.abort(reason);
    await running?.settled;
    await running?.writer?.forget?.().catch(() => {});
    // A newer one may run there beside one that ran here.
    const ranElsewhere = await this.#store.cancel?.(chat);
    return running !== undefined || ranElsewhere === true;
  }

  /** Ends all answers; more are refused with `reason`. */
  stop(reason: Error): void {
    this.#stopped ??= reason;
    for (const { controller } of this.#running.values()) controller.abort(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ settled }) => settled));
  }
}

/** Writes an answer down until it ends, or does not though it was told to. */
async function keep(answer: Answer, writer: StreamWriter, controller: AbortController): Promise<void> {
  const { signal } = controller;
  let deadline: NodeJS.Timeout | undefined;
  let isLate = false;
  const late = new Promise<StreamEnd>((resolve) => {
    const onAbort = () => {
      deadline = setTimeout(() => resolve('interrupted'), lastEventsMs);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  const whole = async (): Promise<StreamEnd> => {
    for await (const frame of answer(signal)) {
      if (isLate) break;
      await writer.append(frame);
    }
    return 'ended';
  };
  try {
    const how = await Promise.race([whole(), late]);
    isLate = how === 'interrupted';
    await writer.end(how);
  } catch {
    // It could not be kept: readers are told that it broke off, and the work is not done for nobody.
    controller.abort();
    await writer.end('interrupted').catch(() => {});
  } finally {
    clearTimeout(deadline);
  }
}

const endedElsewhere = () => new DOMException('The answer was ended through another server.', 'AbortError');
const superseded = () => new DOMException('A new message was sent in this chat.', 'AbortError');
