/**
 * Jobs: any capability, run apart from the call that started it. Its state lies in a folder that every process of this user
 * reads, so that a job is listed, followed and cancelled from anywhere, and is still known after a restart. Knows which jobs
 * run here; refuses to know files.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AnyCapability,
  type AnyImplementation,
  type InputOf,
  invoke,
  type Job,
  type JobStatus,
  jobStatusIsFinal,
  parseInput,
  TriviumError,
} from '@trivium/protocol';
import { Admission } from '../base/admission.js';
import { thisProcess } from '../base/owner.js';
import { assertWholeNumber } from '../base/whole-number.js';
import { JobFolder, type ListedJob, newJobId } from './job-folder.js';
import type { JobEntry, JobLog } from './job-log.js';
import { NextLooks } from './next-looks.js';
import type { JobOrigin } from './read-job.js';

const pollMs = 150;

export interface JobStoreSettings {
  /** Where the logs lie. */
  folder: string;
  /**
   * Jobs that run at once in this process; the others wait in order. Jobs that a job starts have as many places of their own, for
   * it may wait for them. Default: 2.
   */
  maxRunning?: number;
  /** Jobs beyond `maxRunning` that have not ended; more are `busy`. Default: 100. */
  maxQueued?: number;
  /** Ended jobs older than this are forgotten. Default: 30 days. */
  keepMs?: number;
  /**
   * Jobs that are started carry this word, and no others are seen: for callers who may not know of each other, though they
   * share a folder. Without it all are seen.
   */
  scope?: string | undefined;
}

export interface JobFilter {
  status?: JobStatus | undefined;
  /** Default: 50. */
  limit?: number;
  /** Asked of one job after the other until there are `limit`. */
  where?: (listed: ListedJob) => boolean | Promise<boolean>;
}

/** Jobs as somebody knows them: all of a store, or what a caller of a server is told of. */
export interface Jobs extends Pick<JobStore, 'start' | 'get' | 'watch' | 'cancel'> {
  list(filter?: Omit<JobFilter, 'where'>): Promise<Job[]>;
}

/** What a job runs on: the context of its capability, for its signal. */
type MakeContext = (signal: AbortSignal) => { signal: AbortSignal };

interface RunningJob {
  controller: AbortController;
  settled: Promise<void>;
}

export class JobStore implements AsyncDisposable {
  readonly #folder: JobFolder;
  readonly #maxRunning: number;
  readonly #maxQueued: number;
  /** By how many jobs stand above those that take them: nobody waits for the place of a job that waits for it. */
  readonly #places: Admission[] = [];
  /** Of the job that runs, in all that it calls: jobs that are started there are one deeper. */
  readonly #depth = new AsyncLocalStorage<number>();
  readonly #looks = new NextLooks();
  /** Jobs of this process that have not ended. */
  readonly #own = new Map<string, RunningJob>();
  /** Jobs of this store that ended, though their logs could not take it. */
  readonly #interrupted = new Set<string>();
  #cancelPoll: NodeJS.Timeout | undefined;

  /** @throws TriviumError `invalid-argument` naming the setting */
  constructor({
    folder,
    maxRunning = 2,
    maxQueued = 100,
    keepMs = 30 * 86_400_000,
    scope,
  }: JobStoreSettings) {
    assertWholeNumber('maxRunning', maxRunning, 1);
    assertWholeNumber('maxQueued', maxQueued, 0);
    this.#folder = new JobFolder({ folder, keepMs, scope });
    this.#maxRunning = maxRunning;
    this.#maxQueued = maxQueued;
  }

  /**
   * Starts `implementation` as a job and answers it as it is then: queued or running.
   * @param caller who asks a server for it, in a word that is no secret: it is kept beside the input
   * @throws TriviumError `invalid-argument` when the input does not fit, `busy` when too many wait
   */
  async start<I extends AnyImplementation>(
    implementation: I,
    input: InputOf<I['capability']>,
    makeContext: MakeContext,
    caller?: string,
  ): Promise<Job> {
    const { capability }: { capability: AnyCapability } = implementation;
    parseInput(capability, input);
    if (this.#own.size >= this.#maxRunning + this.#maxQueued) {
      throw new TriviumError('busy', `${this.#own.size} jobs run or wait already.`, {
        expected: `at most ${this.#maxRunning} that run and ${this.#maxQueued} more`,
        remedy: 'Try again when one has ended, or cancel some.',
      });
    }
    const controller = new AbortController();
    // Counted at once, so that calls that come together cannot pass the bound.
    const id = newJobId();
    let settle!: () => void;
    this.#own.set(id, { controller, settled: new Promise<void>((resolve) => (settle = resolve)) });
    let log: JobLog;
    try {
      log = await this.#folder.create(id, {
        plugin: capability.plugin,
        capability: capability.name,
        input,
        createdAt: new Date().toISOString(),
        ...(caller !== undefined && { caller }),
        process: thisProcess(),
      });
    } catch (error) {
      this.#own.delete(id);
      settle();
      throw error;
    }
    this.#watchForCancels();
    void this.#run(id, implementation, input, makeContext, log, controller).finally(() => {
      this.#own.delete(id);
      settle();
      this.#looks.wake(id);
    });
    return this.get(id);
  }

  /** @throws TriviumError `not-found` */
  async get(id: string): Promise<Job> {
    return this.#shown(await this.#folder.read(id));
  }

  /** What a job was started with, and by whom. @throws TriviumError `not-found` */
  async origin(id: string): Promise<JobOrigin> {
    return this.#folder.origin(id);
  }

  /** Of all jobs in the folder, unseen and damaged ones too: what is not among them is gone. */
  ids(): Promise<Set<string>> {
    return this.#folder.ids();
  }

  /** Newest first, without outputs, nor the progress of those that have ended: the last may hold one. */
  async list({ status, limit = 50, where = () => true }: JobFilter = {}): Promise<Job[]> {
    const jobs: Job[] = [];
    for await (const listed of this.#folder.list()) {
      if (jobs.length >= limit) break;
      const job = this.#shown(listed.job);
      if ((status === undefined || job.status === status) && (await where({ ...listed, job })))
        jobs.push(job);
    }
    return jobs;
  }

  /** The progress of a job behind its first `after` events, as it comes, whichever process runs it; answers the ended job. */
  async *watch(
    id: string,
    { after = 0, signal }: { after?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<{ event: number; progress: unknown }, Job, void> {
    const wait = async () => {
      await this.#looks.wait(id);
      signal?.throwIfAborted();
    };
    yield* this.#folder.follow(id, { after, wait, isLost: () => this.#interrupted.has(id) });
    return this.get(id);
  }

  /** Asks a job to stop, waits a little for it, and answers it as it is then. @throws TriviumError `not-found` */
  async cancel(id: string): Promise<Job> {
    const job = await this.get(id);
    if (jobStatusIsFinal(job.status)) return job;
    const own = this.#own.get(id);
    if (own) {
      own.controller.abort();
      await own.settled;
      return this.get(id);
    }
    await this.#folder.askToCancel(id);
    for (let waitedMs = 0; waitedMs < 3000; waitedMs += pollMs) {
      await sleep(pollMs);
      const now = await this.get(id);
      if (jobStatusIsFinal(now.status)) return now;
    }
    return this.get(id);
  }

  /** Cancels what runs here and waits for it. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#cancelPoll);
    const running = [...this.#own.values()];
    for (const { controller } of running) controller.abort();
    await Promise.all(running.map(({ settled }) => settled));
    await this.#folder[Symbol.asyncDispose]();
  }

  async #run(
    id: string,
    implementation: AnyImplementation,
    input: unknown,
    makeContext: MakeContext,
    log: JobLog,
    { signal }: AbortController,
  ): Promise<void> {
    const end = (ended: object) =>
      log.commit({ type: 'ended', endedAt: new Date().toISOString(), ...ended } as JobEntry);
    try {
      const depth = (this.#depth.getStore() ?? -1) + 1;
      const leave = await this.#placesAt(depth).enter(signal);
      try {
        log.append({ type: 'started' });
        const output = await this.#depth.run(depth, () =>
          invoke(implementation, input as never, makeContext(signal), (progress) =>
            log.append({ type: 'progress', progress }),
          ),
        );
        await end({ status: 'succeeded', output });
      } finally {
        leave();
      }
    } catch (thrown) {
      const error = TriviumError.from(thrown).toJSON();
      // A disk that is full cannot take the end either: the job is interrupted, for other processes once this one ends.
      await end(signal.aborted ? { status: 'cancelled' } : { status: 'failed', error }).catch(() =>
        this.#interrupted.add(id),
      );
    } finally {
      await log.close().catch(() => {});
    }
  }

  #placesAt(depth: number): Admission {
    this.#places[depth] ??= new Admission({
      maxConcurrent: this.#maxRunning,
      maxQueued: Number.MAX_SAFE_INTEGER,
    });
    return this.#places[depth];
  }

  /** Another process asks by a file; looked for while jobs run here. */
  #watchForCancels(): void {
    if (this.#cancelPoll) return;
    this.#cancelPoll = setInterval(async () => {
      if (this.#own.size === 0) {
        clearInterval(this.#cancelPoll);
        this.#cancelPoll = undefined;
        return;
      }
      for (const [id, { controller }] of this.#own)
        if (await this.#folder.isAskedToCancel(id)) controller.abort();
    }, pollMs);
    this.#cancelPoll.unref();
  }

  #shown(job: Job): Job {
    if (jobStatusIsFinal(job.status) || !this.#interrupted.has(job.id)) return job;
    return { ...job, status: 'interrupted' };
  }
}
