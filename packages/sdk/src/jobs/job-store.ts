/**
 * Jobs: any capability, run apart from the call that started it. Its state lies in a folder that every process of this user
 * reads, so that a job is listed, followed and cancelled from anywhere, and is still known after a restart.
 */
import { randomBytes } from 'node:crypto';
import { readdir, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
import { makeFolder } from '../make-folder.js';
import { type JobEntry, JobLog, jobOf, readEntries, thisProcess } from './job-log.js';

const pollMs = 150;
const forgetEveryMs = 3_600_000;

export interface JobStoreSettings {
  /** Where the logs lie. */
  folder: string;
  /** Jobs that run at once in this process; the others wait in order. Default: 2. */
  maxRunning?: number;
  /** Jobs that wait at most; more are `busy`. Default: 100. */
  maxQueued?: number;
  /** Ended jobs older than this are forgotten. Default: 30 days. */
  keepMs?: number;
  /**
   * Jobs that are started carry this word, and no others are seen: for callers who may not know of each other, though they
   * share a folder. Without it all are seen.
   */
  scope?: string | undefined;
}

/** What a job runs on: the context of its capability, for its signal. */
type MakeContext = (signal: AbortSignal) => { signal: AbortSignal };

interface RunningJob {
  controller: AbortController;
  settled: Promise<void>;
}

export class JobStore implements AsyncDisposable {
  readonly #folder: string;
  readonly #maxRunning: number;
  readonly #maxQueued: number;
  readonly #keepMs: number;
  readonly #scope: string | undefined;
  /** Jobs of this process that have not ended. */
  readonly #own = new Map<string, RunningJob>();
  /** Jobs of this store that ended, though their logs could not take it. */
  readonly #interrupted = new Set<string>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #cancelPoll: NodeJS.Timeout | undefined;
  #ready: Promise<void> | undefined;
  #preparedMs = 0;

  constructor({
    folder,
    maxRunning = 2,
    maxQueued = 100,
    keepMs = 30 * 86_400_000,
    scope,
  }: JobStoreSettings) {
    this.#folder = folder;
    this.#maxRunning = maxRunning;
    this.#maxQueued = maxQueued;
    this.#keepMs = keepMs;
    this.#scope = scope;
  }

  /**
   * Starts `implementation` as a job and answers it as it is then: queued or running.
   * @throws TriviumError `invalid-argument` when the input does not fit, `busy` when too many wait
   */
  async start<I extends AnyImplementation>(
    implementation: I,
    input: InputOf<I['capability']>,
    makeContext: MakeContext,
  ): Promise<Job> {
    const { capability }: { capability: AnyCapability } = implementation;
    parseInput(capability, input);
    if (this.#own.size - this.#running >= this.#maxQueued) {
      throw new TriviumError('busy', `${this.#maxQueued} jobs wait already.`, {
        remedy: 'Try again when one has ended, or cancel some.',
      });
    }
    const controller = new AbortController();
    // Counted at once, so that calls that come together cannot pass the bound.
    const id = `${Date.now().toString(36)}${randomBytes(6).toString('hex')}`;
    let settle!: () => void;
    this.#own.set(id, { controller, settled: new Promise<void>((resolve) => (settle = resolve)) });
    let log: JobLog;
    try {
      await this.#prepare();
      log = await JobLog.create(this.#path(id), {
        type: 'created',
        id,
        plugin: capability.plugin,
        capability: capability.name,
        input,
        createdAt: new Date().toISOString(),
        ...(this.#scope !== undefined && { scope: this.#scope }),
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
    });
    return this.get(id);
  }

  /** @throws TriviumError `not-found` */
  async get(id: string): Promise<Job> {
    const job = this.#jobOf(id, (await this.#read(id)).entries);
    if (job) return job;
    throw this.#unknown(id);
  }

  /** What a job was started with. @throws TriviumError `not-found` */
  async input(id: string): Promise<unknown> {
    const [created] = (await this.#read(id)).entries;
    if (created?.type === 'created') return created.input;
    throw this.#unknown(id);
  }

  /** Newest first, without outputs. */
  async list({
    status,
    limit = 50,
  }: {
    status?: JobStatus | undefined;
    limit?: number;
  } = {}): Promise<Job[]> {
    const names = (await readdir(this.#folder).catch(() => [])).filter((name) => name.endsWith('.jsonl'));
    const jobs: Job[] = [];
    for (const name of names.sort().reverse()) {
      if (jobs.length >= limit) break;
      // A log that is removed or damaged hides no other.
      const job = await this.get(name.slice(0, -'.jsonl'.length)).catch(() => undefined);
      if (!job || (status !== undefined && job.status !== status)) continue;
      const { output: _, ...listed } = job;
      jobs.push(listed);
    }
    return jobs;
  }

  /** The progress of a job behind its first `after` events, as it comes, whichever process runs it; answers the ended job. */
  async *watch(
    id: string,
    { after = 0, signal }: { after?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<{ event: number; progress: unknown }, Job, void> {
    const all: JobEntry[] = [];
    let event = 0;
    let fromByte = 0;
    for (;;) {
      const { entries, nextByte } = await this.#read(id, fromByte);
      fromByte = nextByte;
      for (const entry of entries) {
        if (entry.type !== 'progress') all.push(entry);
        else if (++event > after) yield { event, progress: entry.progress };
      }
      const job = this.#jobOf(id, all);
      if (!job) throw this.#unknown(id);
      if (jobStatusIsFinal(job.status)) return this.get(id);
      await Promise.race([
        sleep(pollMs, undefined, signal ? { signal } : {}),
        this.#own.get(id)?.settled ?? new Promise(() => {}),
      ]);
    }
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
    await writeFile(this.#cancelPath(id), '');
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
      await this.#turn(signal);
      try {
        log.append({ type: 'started' });
        const output = await invoke(implementation, input as never, makeContext(signal), (progress) =>
          log.append({ type: 'progress', progress }),
        );
        await end({ status: 'succeeded', output });
      } finally {
        const next = this.#waiting.shift();
        // The place goes from hand to hand, so that nobody comes between.
        if (next) next();
        else this.#running -= 1;
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

  /** Waits until a job more may run, first come first served. */
  async #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#running >= this.#maxRunning) {
      await new Promise<void>((resolve, reject) => {
        const leave = () => {
          const at = this.#waiting.indexOf(go);
          if (at >= 0) this.#waiting.splice(at, 1);
          reject(signal.reason);
        };
        const go = () => {
          signal.removeEventListener('abort', leave);
          resolve();
        };
        signal.addEventListener('abort', leave, { once: true });
        this.#waiting.push(go);
      });
    } else this.#running += 1;
  }

  /** Once, and again when a job is started much later. */
  #prepare(): Promise<void> {
    if (this.#ready && Date.now() - this.#preparedMs < forgetEveryMs) return this.#ready;
    this.#preparedMs = Date.now();
    this.#ready = (async () => {
      await makeFolder(this.#folder, { mode: 0o700 });
      await this.#forget();
    })();
    this.#ready.catch(() => (this.#ready = undefined));
    return this.#ready;
  }

  async #forget(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      const found = await stat(path).catch(() => undefined);
      if (!found || Date.now() - found.mtimeMs < this.#keepMs) continue;
      const job = name.endsWith('.jsonl')
        ? await readEntries(path).then(
            ({ entries }) => jobOf(entries),
            () => undefined,
          )
        : undefined;
      if (!job || jobStatusIsFinal(job.status)) await unlink(path).catch(() => {});
    }
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
      for (const [id, { controller }] of this.#own) {
        if (
          await unlink(this.#cancelPath(id)).then(
            () => true,
            () => false,
          )
        )
          controller.abort();
      }
    }, pollMs);
    this.#cancelPoll.unref();
  }

  async #read(id: string, fromByte = 0) {
    // An id comes from outside, and becomes part of a path.
    if (!/^[a-z0-9]+$/.test(id)) throw this.#unknown(id);
    try {
      const read = await readEntries(this.#path(id), fromByte);
      const [created] = read.entries;
      if (created?.type !== 'created' || this.#scope === undefined || created.scope === this.#scope)
        return read;
    } catch (error) {
      throw (error as { code?: string }).code === 'ENOENT' ? this.#unknown(id) : error;
    }
    throw this.#unknown(id);
  }

  #jobOf(id: string, entries: readonly JobEntry[]): Job | undefined {
    const job = jobOf(entries);
    if (job && !jobStatusIsFinal(job.status) && this.#interrupted.has(id)) job.status = 'interrupted';
    return job;
  }

  #path(id: string) {
    return join(this.#folder, `${id}.jsonl`);
  }

  #cancelPath(id: string) {
    return join(this.#folder, `${id}.cancel`);
  }

  #unknown(id: string) {
    return new TriviumError('not-found', `There is no job "${id}".`, {
      field: 'id',
      found: id,
      remedy: 'trivium jobs lists them.',
    });
  }
}
