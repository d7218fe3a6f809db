/**
 * The folder that the logs of jobs lie in, as every process of this user sees it: which there are, what each says by now, and
 * which are forgotten. Files that are not of jobs are none of its business. Refuses to know: how jobs run.
 */
import { randomBytes } from 'node:crypto';
import { readdir, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Job, jobStatusIsFinal, TriviumError } from '@trivium/protocol';
import { makeFolder } from '../base/make-folder.js';
import { ownerIsGone } from '../base/owner.js';
import { type CreatedEntry, JobLog } from './job-log.js';
import {
  type Following,
  followProgress,
  type JobEvent,
  type JobOrigin,
  type LoggedJob,
  readCreated,
  readJob,
} from './read-job.js';

const forgetEveryMs = 3_600_000;

/** Logs that are read beside each other for a list: more than a disk answers at once, few enough where they are long. */
const readAtOnce = 8;

/** Names sort by time. */
export const newJobId = () => `${Date.now().toString(36)}${randomBytes(6).toString('hex')}`;
const ownName = /^([0-9a-z]{8,9}[0-9a-f]{12})\.(jsonl|cancel)$/;

export interface JobFolderSettings {
  folder: string;
  /** Logs that nobody wrote to for so many milliseconds go. */
  keepMs: number;
  /** Jobs of other scopes are unknown. */
  scope: string | undefined;
}

export interface ListedJob extends Pick<JobOrigin, 'caller'> {
  job: Job;
  /** Where its log was read for this listing. */
  origin?: JobOrigin | undefined;
}

export class JobFolder implements AsyncDisposable {
  readonly #folder: string;
  readonly #keepMs: number;
  readonly #scope: string | undefined;
  /** What logs said when they were listed, without outputs; those that have ended are not looked at again. */
  readonly #listed = new Map<string, LoggedJob>();
  #ready: Promise<void> | undefined;
  #preparedMs = 0;
  #forgetting: Promise<void> = Promise.resolve();

  constructor({ folder, keepMs, scope }: JobFolderSettings) {
    this.#folder = folder;
    this.#keepMs = keepMs;
    this.#scope = scope;
  }

  /** Begins the log of a new job. @throws TriviumError `io`, Node's file errors */
  async create(id: string, entry: Omit<CreatedEntry, 'type' | 'id' | 'scope'>): Promise<JobLog> {
    await this.#prepare();
    const scope = this.#scope;
    return JobLog.create(this.#path(id), {
      type: 'created',
      id,
      ...entry,
      ...(scope !== undefined && { scope }),
    });
  }

  /** @throws TriviumError `not-found`, `corrupt` */
  async read(id: string): Promise<Job> {
    return this.#told(id, await this.#opened(id, readJob));
  }

  /** @throws TriviumError `not-found` */
  async origin(id: string): Promise<JobOrigin> {
    const created = await this.#opened(id, readCreated);
    if (!created || !this.#isSeen(created)) throw unknownJob(id);
    const { input, caller } = created;
    return { input, caller };
  }

  /** As `followProgress`, for the log of a job. @throws TriviumError `not-found` */
  async *follow(id: string, following: Following): AsyncGenerator<JobEvent, void, void> {
    const created = await this.#opened(id, readCreated);
    if (!created || !this.#isSeen(created)) throw unknownJob(id);
    yield* followProgress(this.#path(id), created.process, following);
  }

  /** Of all logs that are there, whatever they say. */
  async ids(): Promise<Set<string>> {
    const names = await readdir(this.#folder).catch(() => []);
    return new Set(names.filter((name) => name.endsWith('.jsonl')).map((name) => name.slice(0, -6)));
  }

  /** Newest first, without outputs, nor progress of those that have ended. A log that is removed or damaged hides no other. */
  async *list(): AsyncGenerator<ListedJob, void, void> {
    const there = await this.ids();
    for (const id of this.#listed.keys()) if (!there.has(id)) this.#listed.delete(id);
    const reading: Promise<ListedJob | undefined>[] = [];
    try {
      for (const id of [...there].sort().reverse()) {
        reading.push(this.#summary(id).catch(() => undefined));
        const listed = reading.length === readAtOnce && (await reading.shift());
        if (listed) yield listed;
      }
      for (const listed of await Promise.all(reading)) if (listed) yield listed;
    } finally {
      await Promise.all(reading); // of those that nobody wants any more no file is left open
    }
  }

  /** Asks the process that runs a job to stop it. */
  async askToCancel(id: string): Promise<void> {
    await writeFile(this.#path(id, 'cancel'), '');
  }

  /** Whether another process has asked, since the last time, to stop a job. */
  async isAskedToCancel(id: string): Promise<boolean> {
    return unlink(this.#path(id, 'cancel')).then(
      () => true,
      () => false,
    );
  }

  /** Waits until what is old has been forgotten. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#forgetting;
  }

  async #summary(id: string): Promise<ListedJob> {
    const known = this.#listed.get(id);
    if (known && jobStatusIsFinal(known.job.status))
      return { job: this.#told(id, known), caller: known.caller };
    const logged = await this.#opened(id, (path) => readJob(path, known));
    if (!logged) throw unknownJob(id);
    const { origin, ...kept } = logged;
    const { output: _, progress, ...said } = logged.job;
    // A last event may hold all of the output.
    const job = jobStatusIsFinal(said.status) || progress === undefined ? said : { ...said, progress };
    this.#listed.set(id, { ...kept, job });
    return { job: this.#told(id, { ...kept, job }), caller: kept.caller, origin };
  }

  /** A copy of the job as it is: one whose process has gone is interrupted. */
  #told(id: string, logged: LoggedJob | undefined): Job {
    if (!logged || !this.#isSeen(logged)) throw unknownJob(id);
    const { job, owner, touchedMs } = logged;
    const isLost = !jobStatusIsFinal(job.status) && ownerIsGone(owner, touchedMs);
    return { ...job, ...(isLost && { status: 'interrupted' as const }) };
  }

  #isSeen({ scope }: { scope?: string | undefined }): boolean {
    return this.#scope === undefined || scope === this.#scope;
  }

  async #opened<T>(id: string, open: (path: string) => Promise<T>): Promise<T> {
    try {
      return await open(this.#path(id));
    } catch (error) {
      throw (error as { code?: string }).code === 'ENOENT' ? unknownJob(id) : error;
    }
  }

  /** Once, and again when a job is started much later. */
  #prepare(): Promise<void> {
    if (this.#ready && Date.now() - this.#preparedMs < forgetEveryMs) return this.#ready;
    this.#preparedMs = Date.now();
    this.#ready = (async () => {
      await makeFolder(this.#folder, { mode: 0o700 });
      // Beside the job that is started, and only what was there before it.
      const names = await readdir(this.#folder);
      this.#forgetting = this.#forgetting.then(() => this.#forget(names));
    })();
    this.#ready.catch(() => (this.#ready = undefined));
    return this.#ready;
  }

  /** What is old goes, where both its name and what it holds are those of a job: others may keep files here too. */
  async #forget(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const [, id, kind] = ownName.exec(name) ?? [];
      if (id === undefined) continue;
      const path = join(this.#folder, name);
      const found = await stat(path).catch(() => undefined);
      if (!found || Date.now() - found.mtimeMs < this.#keepMs) continue;
      // One that is empty asks to cancel, or is a log that its process did not live to begin.
      const isOurs = found.size === 0 || (kind === 'jsonl' && (await hasEnded(path, id, found.mtimeMs)));
      if (isOurs) await unlink(path).catch(() => {});
    }
  }

  /** An id comes from outside. @throws TriviumError `not-found` for what is none */
  #path(id: string, kind: 'jsonl' | 'cancel' = 'jsonl'): string {
    if (!/^[a-z0-9]{1,64}$/.test(id)) throw unknownJob(id);
    return join(this.#folder, `${id}.${kind}`);
  }
}

/** Whether a file is the log of this job, and nothing is added to it any more. */
async function hasEnded(path: string, id: string, touchedMs: number): Promise<boolean> {
  try {
    const created = await readCreated(path);
    if (created?.id !== id) return false;
    if (ownerIsGone(created.process, touchedMs)) return true;
    // Read whole only where its owner lives and may still run it.
    const logged = await readJob(path);
    return logged !== undefined && jobStatusIsFinal(logged.job.status);
  } catch {
    return false;
  }
}

export const unknownJob = (id: string) =>
  new TriviumError('not-found', `There is no job "${id}".`, {
    field: 'id',
    found: id,
    remedy: 'trivium jobs, /v1/jobs or jobs_list lists them.',
  });
