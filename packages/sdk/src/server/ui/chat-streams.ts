/**
 * Answers of chats as they run, apart from the requests that began them: a client that goes stops nothing, one that comes
 * back reads from the beginning, and only a cancel ends one. Knows frames and keys, no models.
 */
import type { StoredStream, StreamStore } from './stream-store.js';

interface Running {
  controller: AbortController;
  settled: Promise<void>;
}

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
  async start(chat: string, answer: (signal: AbortSignal) => AsyncIterable<string>): Promise<StartedStream> {
    // Two calls may come at once: each waits for the one before it.
    for (let before = this.#running.get(chat); before; before = this.#running.get(chat)) {
      before.controller.abort(superseded());
      await before.settled;
    }
    if (this.#stopped !== undefined) throw this.#stopped;
    const controller = new AbortController();
    let settle!: () => void;
    const settled = new Promise<void>((resolve) => (settle = resolve));
    const running = { controller, settled };
    this.#running.set(chat, running);
    const end = () => {
      if (this.#running.get(chat) === running) this.#running.delete(chat);
      settle();
    };
    try {
      const writer = await this.#store.create(chat);
      void (async () => {
        try {
          for await (const frame of answer(controller.signal)) await writer.append(frame);
          await writer.end();
        } catch {
          // It could not be kept: readers are told that it broke off, and the work is not done for nobody.
          controller.abort();
          await writer.end('interrupted').catch(() => {});
        }
      })().finally(end);
      return { stream: writer, settled };
    } catch (error) {
      end();
      throw error;
    }
  }

  find(chat: string): Promise<StoredStream | undefined> {
    return this.#store.find(chat);
  }

  /** Ends the answer that runs in a chat. @returns whether one ran here */
  async cancel(chat: string, reason: unknown): Promise<boolean> {
    const running = this.#running.get(chat);
    if (!running) return false;
    running.controller.abort(reason);
    await running.settled;
    return true;
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

const superseded = () => new DOMException('A new message was sent in this chat.', 'AbortError');
