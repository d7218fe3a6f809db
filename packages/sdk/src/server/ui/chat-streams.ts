/**
 * Answers of chats apart from the requests that began them, from the moment their messages come: a client that goes stops
 * nothing, one that comes back reads from the beginning, and only a cancel ends one. Knows frames and keys, no models.
 */
import { doneFrame, lastEventsMs } from '../event-stream.js';
import type { StoredStream, StreamEnd, StreamStore, StreamWriter } from './stream-store.js';

/** A message, from when it came until it was refused or its answer has ended. */
interface Run {
  readonly chat: string;
  readonly controller: AbortController;
  /** Resolves when the store has its stream, or it was refused. */
  opened: Promise<unknown>;
  settled: Promise<void>;
  /** Absent until the store has made it. */
  writer?: StreamWriter;
}

/** Makes the frames of an answer, until its signal says otherwise. */
export type Answer = (signal: AbortSignal) => AsyncIterable<string>;

/** Looks at a message. @throws what it is refused with */
export type Opening = (signal: AbortSignal) => Promise<Answer>;

export interface StartedStream {
  stream: StoredStream;
  /** Resolves when the answer has ended. */
  settled: Promise<void>;
}

export class ChatStreams implements AsyncDisposable {
  readonly #store: StreamStore;
  /** In the order in which their messages came. */
  readonly #runs = new Set<Run>();
  #stopped: Error | undefined;

  constructor(store: StreamStore) {
    this.#store = store;
  }

  /**
   * Begins the answer of a chat. Messages that came before it are ended first, for a chat has one answer at a time.
   * @throws what `open` refuses the message with, and then nothing else was ended or begun; before it is taken, the reason of a
   *   cancel or that a newer message was
   */
  async start(chat: string, open: Opening): Promise<StartedStream> {
    const run: Run = {
      chat,
      controller: new AbortController(),
      opened: Promise.resolve(),
      settled: Promise.resolve(),
    };
    this.#runs.add(run);
    const opened = this.#open(run, open);
    run.opened = opened.catch(() => {});
    run.settled = opened
      .then(({ answer, writer }) =>
        keep(answer, writer, run.controller, (reason) => reason === this.#stopped),
      )
      .catch(() => {})
      .finally(() => this.#runs.delete(run));
    const { writer } = await opened;
    return { stream: writer, settled: run.settled };
  }

  async #open(run: Run, open: Opening): Promise<{ answer: Answer; writer: StreamWriter }> {
    const { chat, controller } = run;
    try {
      const answer = await unlessAborted(open(controller.signal), controller.signal);
      await this.#supersedeBefore(run);
      if (this.#stopped !== undefined) throw this.#stopped;
      const writer = await this.#store.create(chat);
      run.writer = writer;
      writer.unwanted?.addEventListener('abort', () => controller.abort(endedElsewhere()), { once: true });
      return { answer, writer };
    } catch (error) {
      // What it waits for is given up.
      controller.abort(error);
      throw error;
    }
  }

  /**
   * Ends the runs of a chat that came before this one, also where their messages are still looked at: however long that takes,
   * the message that came last wins. @throws the reason where this one is ended meanwhile
   */
  async #supersedeBefore(run: Run): Promise<void> {
    const runs = this.#runsOf(run.chat);
    const before = runs.slice(0, runs.indexOf(run));
    for (const { controller } of before) controller.abort(superseded());
    await Promise.all(before.map(({ settled }) => settled));
    run.controller.signal.throwIfAborted();
  }

  #runsOf(chat: string): Run[] {
    return [...this.#runs].filter((run) => run.chat === chat);
  }

  /** The stream of a chat, once it is known whether the messages that are looked at now are taken. */
  async find(chat: string): Promise<StoredStream | undefined> {
    await Promise.all(this.#runsOf(chat).map(({ opened }) => opened));
    return this.#store.find(chat);
  }

  /**
   * Ends the answer of a chat, for good: nobody comes back for it. One that another process writes ends soon after.
   * @returns whether one ran, or was to
   */
  async cancel(chat: string, reason: unknown): Promise<boolean> {
    const runs = this.#runsOf(chat);
    for (const { controller } of runs) controller.abort(reason);
    await Promise.all(runs.map(({ settled }) => settled));
    for (const { writer } of runs) await writer?.forget?.().catch(() => {});
    // A newer one may run there beside one that ran here.
    const ranElsewhere = await this.#store.cancel?.(chat);
    if (runs.length > 0 || ranElsewhere) return true;
    // One that has ended, and that nobody read.
    if (this.#runsOf(chat).length === 0) await (await this.#store.find(chat))?.forget?.().catch(() => {});
    return false;
  }

  /** Breaks all answers off, which whoever comes back for one is told; more are refused with `reason`. */
  stop(reason: Error): void {
    this.#stopped ??= reason;
    for (const { controller } of this.#runs) controller.abort(this.#stopped);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#runs].map(({ settled }) => settled));
  }
}

/** The value, or the reason of the signal where that aborts first. */
function unlessAborted<Value>(value: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    value.then(resolve, reject);
  });
}

/**
 * Writes an answer down until it ends, or does not though it was told to.
 * @param breaksOff whether it is for a reason of this kind that an answer is not whole: what it says from then on, that it was
 *   aborted, is not of its own
 */
async function keep(
  answer: Answer,
  writer: StreamWriter,
  controller: AbortController,
  breaksOff: (reason: unknown) => boolean,
): Promise<void> {
  const { signal } = controller;
  const isBrokenOff = () => signal.aborted && breaksOff(signal.reason);
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
    let isWhole = false;
    for await (const frame of answer(signal)) {
      if (isLate || isBrokenOff()) break;
      await writer.append(frame);
      isWhole = frame.endsWith(doneFrame);
    }
    return isBrokenOff() && !isWhole ? 'interrupted' : 'ended';
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
