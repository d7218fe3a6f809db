/**
 * One call of a capability at a time, as a store: its state, its progress, its text, and how it is run, stopped and, as a
 * job, found again after a reload. Actions never throw: what goes wrong is the snapshot's `error`.
 * Refuses to know React, how a call and a job are told (`call-work.ts`), and what any capability does.
 */
import {
  type AnyCapability,
  type Endpoint,
  type InputOf,
  type OutputOf,
  type ProgressOf,
  TriviumError,
} from '@trivium/protocol';
import { createAttachment } from './attachment.js';
import {
  type CallOutcome,
  type CallRecord,
  type CallSnapshot,
  newRecord,
  type StepOf,
  snapshotOf,
} from './call-snapshot.js';
import { CallWork, newRun, type Run, type Work } from './call-work.js';
import { heldEndpoint } from './endpoint-handle.js';
import { type JobMemory, type JobSettings, memoryOf } from './job-memory.js';
import { createPublisher, type Publisher, type Store } from './store.js';
import { createTextBuffer, type TextBuffer } from './streamed-text.js';

export interface CallSettings<C extends AnyCapability> {
  /** Run as a job of the server: it goes on without the page, and a page that is loaded again finds it. */
  job?: boolean | JobSettings | undefined;
  /** A call begins, or a job is followed from its beginning. */
  onStart?: (() => void) | undefined;
  /** Every progress event, in order; a snapshot holds only the last of a frame. */
  onProgress?: ((progress: ProgressOf<C>) => void) | undefined;
}

export interface CallStore<C extends AnyCapability> extends Store<CallSnapshot<C>> {
  /** Calls it; a call that still runs is stopped first. Answers the output, `undefined` when the call has none. */
  readonly run: (input: InputOf<C>) => Promise<OutputOf<C> | undefined>;
  /**
   * Stops the work, of a job too, and of one that was left or whose connection was given up. A job that cannot be told goes
   * on: the reason is `stopError`.
   */
  readonly stop: () => Promise<void>;
  /** Back to the beginning: a call is stopped, a job is left to itself and forgotten. */
  readonly reset: () => void;
  /** Follows a job that is there already. Answers its output, `undefined` when it has none. */
  readonly follow: (jobId: string) => Promise<OutputOf<C> | undefined>;
  /**
   * Somebody looks: a job from before a reload is followed. Answers how to say that nobody does any more: then a call is
   * stopped, a job goes on without being followed. May be called again afterwards.
   */
  readonly attach: () => () => void;
}

/**
 * @example
 * const words = createCallStore(countWords, { baseUrl: 'http://127.0.0.1:7474' });
 * words.subscribe(() => console.log(words.getSnapshot().status));
 * const output = await words.run({ text: 'one two' });
 */
export function createCallStore<C extends AnyCapability>(
  capability: C,
  endpoint: Endpoint,
  settings: CallSettings<C> = {},
): CallStore<C> {
  return new Calls(capability, endpoint, settings);
}

class Calls<C extends AnyCapability> implements CallStore<C> {
  readonly subscribe: Publisher<CallSnapshot<C>>['subscribe'];
  readonly getSnapshot: Publisher<CallSnapshot<C>>['getSnapshot'];
  readonly getServerSnapshot: Publisher<CallSnapshot<C>>['getServerSnapshot'];
  readonly #capability: C;
  readonly #endpoint: Endpoint;
  readonly #settings: CallSettings<C>;
  readonly #memory: JobMemory;
  readonly #publisher: Publisher<CallSnapshot<C>>;
  #work: CallWork<C>;
  #record: CallRecord<C> = newRecord<C>();
  #text: TextBuffer = createTextBuffer();
  #current: Run | undefined;

  constructor(capability: C, endpoint: Endpoint, settings: CallSettings<C>) {
    this.#capability = capability;
    this.#endpoint = endpoint;
    this.#settings = settings;
    this.#memory = memoryOf(capability, settings.job);
    this.#work = this.#newWork();
    this.#publisher = createPublisher(() => snapshotOf(this.#record, this.#text.view()));
    this.subscribe = this.#publisher.subscribe;
    this.getSnapshot = this.#publisher.getSnapshot;
    this.getServerSnapshot = this.#publisher.getServerSnapshot;
  }

  readonly run = (input: InputOf<C>): Promise<OutputOf<C> | undefined> => {
    void this.stop();
    this.#begin();
    return this.#settle(this.#settings.job ? this.#work.asJob(input) : this.#work.called(input));
  };

  readonly follow = (jobId: string): Promise<OutputOf<C> | undefined> => {
    this.#begin(jobId);
    this.#memory.save(jobId);
    return this.#settle(this.#work.followed(jobId));
  };

  readonly stop = async (): Promise<void> => {
    const run = this.#current;
    if (run?.phase === 'starting') {
      run.isStopping = true;
      return;
    }
    const record = this.#record;
    const { outcome, jobId, isConnected } = record;
    // Its connection was given up: the job may go on, unless nobody knows it.
    const isLost = outcome.status === 'error' && !isConnected && outcome.error.code !== 'not-found';
    if (outcome.status !== 'running' && !isLost) return;
    if (jobId === undefined) {
      if (!run) return;
      run.controller.abort();
      this.#conclude({ status: 'cancelled' });
      return;
    }
    const isAsItWas = () => this.#record === record && record.outcome === outcome;
    this.#tellStop(undefined);
    try {
      await this.#work.cancel(jobId);
    } catch (thrown) {
      const error = TriviumError.from(thrown);
      if (isAsItWas()) this.#tellStop(error);
      // Of a job that nobody knows any more, its events say so.
      if (error.code !== 'not-found') return;
    }
    // The job's own end tells that it was cancelled; that of a job that was left is fetched.
    if (!this.#current && isAsItWas()) await this.#settle(this.#work.followed(jobId));
  };

  readonly reset = (): void => {
    this.#leave();
    this.#memory.forget();
    this.#renew();
    this.#publisher.publish();
  };

  readonly attach = createAttachment(
    () => {
      if (this.#current) this.#current.isLeaving = false;
      else this.#resume();
    },
    () => this.#detach(),
  ).attach;

  #detach(): void {
    const run = this.#current;
    if (run?.phase === 'starting') run.isLeaving = true;
    else if (this.#record.jobId !== undefined) this.#leave();
    else void this.stop();
  }

  /** Ends the connection without a word about it. A job goes on. */
  #leave(): void {
    this.#current?.controller.abort();
    this.#current = undefined;
  }

  #newWork(): CallWork<C> {
    return new CallWork(this.#capability, heldEndpoint(this.#endpoint), {
      events: () => this.#record.events,
      onStart: (id, run) => this.#know(id, run),
      onStopFailed: (thrown, run) => this.#current === run && this.#tellStop(TriviumError.from(thrown)),
      onConnection: (isConnected, run) => {
        if (this.#current !== run) return;
        this.#record.isConnected = isConnected;
        this.#publisher.publish();
      },
      // The page begins anew.
      onGone: (run) => this.#current === run && this.reset(),
    });
  }

  #renew(): void {
    this.#work = this.#newWork();
    this.#record = newRecord<C>();
    this.#text = createTextBuffer();
    this.#settings.onStart?.();
  }

  #begin(jobId?: string): void {
    this.#leave();
    this.#renew();
    this.#record.outcome = { status: 'running' };
    this.#record.jobId = jobId;
    this.#publisher.publish();
  }

  #conclude(outcome: CallOutcome<C>): void {
    this.#current = undefined;
    this.#record.outcome = outcome;
    this.#record.stopError = undefined;
    // After an error it says whether the job's own end was heard.
    if (outcome.status !== 'error') this.#record.isConnected = true;
    this.#publisher.publish();
  }

  #tellStop(error: TriviumError | undefined): void {
    if (this.#record.stopError === error) return;
    this.#record.stopError = error;
    this.#publisher.publish();
  }

  #take(progress: ProgressOf<C>): void {
    const { type, text } = (progress ?? {}) as { type?: unknown; text?: unknown };
    this.#record.events += 1;
    if (type !== 'text-delta' && type !== 'warning') this.#record.progress = progress as StepOf<C>;
    if (
      type === 'text-delta' &&
      typeof text === 'string' &&
      this.#capability.commandLine?.deltas !== 'drafts'
    )
      this.#text.append(text);
    this.#settings.onProgress?.(progress);
    this.#publisher.touch();
  }

  async #settle(work: Work<C>): Promise<OutputOf<C> | undefined> {
    const run = newRun();
    this.#current = run;
    this.#record.isConnected = true;
    let working: ReturnType<Work<C>> | undefined;
    let isDone = false;
    try {
      // An effect that is undone at once, as StrictMode does, calls nobody.
      await Promise.resolve();
      run.controller.signal.throwIfAborted();
      run.phase = 'going';
      working = work(run);
      for (;;) {
        // What it throws ends it too.
        isDone = true;
        const step = await working.next();
        isDone = step.done === true;
        if (this.#current !== run) return undefined;
        if (step.done) {
          this.#conclude({ status: 'success', data: step.value });
          return step.value;
        }
        this.#take(step.value);
      }
    } catch (thrown) {
      if (this.#current !== run) return undefined;
      const error = TriviumError.from(thrown);
      // A listener threw: a job goes on that nobody hears.
      if (!isDone) this.#record.isConnected = false;
      this.#conclude(error.code === 'cancelled' ? { status: 'cancelled' } : { status: 'error', error });
      return undefined;
    } finally {
      // Another call or a listener that threw may have ended it before its work did: nothing of that goes on.
      if (!isDone) {
        run.controller.abort();
        void working?.return(undefined as never).catch(() => {});
      }
    }
  }

  /** A job was started for this run, and goes on without it. */
  #know(id: string, run: Run): void {
    this.#record.jobId = id;
    this.#memory.save(id);
    this.#publisher.touch();
    if (run.isLeaving && !run.isStopping) this.#leave();
  }

  /** Follows the job that this store left, or that the page before this one started. */
  #resume(): void {
    const {
      outcome: { status },
      jobId,
    } = this.#record;
    const id = status === 'idle' ? this.#memory.load() : status === 'running' ? jobId : undefined;
    if (id === undefined) return;
    if (status === 'idle') this.#begin(id);
    void this.#settle(this.#work.refollowed(id));
  }
}
