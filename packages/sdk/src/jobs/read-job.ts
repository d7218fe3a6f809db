/**
 * A job as its log tells it. Logs only grow, so that what is known of one is read on from where it ended; progress is counted,
 * and only the last is looked into. Refuses to know: which jobs run here, who may see them.
 */
import type { Job } from '@trivium/protocol';
import { LineReader } from '../base/line-reader.js';
import { type FileOwner, ownerIsGone } from '../base/owner.js';
import { type CreatedEntry, isProgress, type JobEntry, parseEntry } from './job-log.js';

/** What a job was started with, and by which caller of a server. */
export interface JobOrigin {
  input: unknown;
  caller: string | undefined;
}

export interface LoggedJob {
  /** As it was written: whether its process is there is asked when it is shown. */
  job: Job;
  scope: string | undefined;
  /** Of a server, who started it. */
  caller: string | undefined;
  /** Where its log was read from its beginning. */
  origin?: JobOrigin | undefined;
  owner: FileOwner;
  /** When its log was last touched, in milliseconds since 1970. */
  touchedMs: number;
  /** Where what was not read begins. */
  nextByte: number;
}

/**
 * @param known what was read of the same log before; it stays as it is
 * @returns `undefined` for a log that has not begun
 * @throws TriviumError `corrupt`, Node's file errors
 */
export async function readJob(path: string, known?: LoggedJob): Promise<LoggedJob | undefined> {
  await using reader = await LineReader.open(path, known?.nextByte);
  let job = known && { ...known.job };
  let { scope, caller, owner } = known ?? {};
  let origin: JobOrigin | undefined;
  let lastProgress: string | undefined;
  for await (const lines of reader.rest()) {
    const told = lines.filter((line) => !isProgress(line));
    for (const entry of told.map((line) => parseEntry(line, path))) {
      if (entry.type === 'created') {
        job = queued(entry);
        ({ scope, caller, process: owner } = entry);
        origin = { input: entry.input, caller };
      } else if (job) Object.assign(job, changeOf(entry));
    }
    if (job) job.events += lines.length - told.length;
    lastProgress = lines.findLast(isProgress) ?? lastProgress;
  }
  if (!job || !owner) return undefined;
  if (lastProgress !== undefined) Object.assign(job, changeOf(parseEntry(lastProgress, path)));
  return { job, scope, caller, origin, owner, touchedMs: reader.touchedMs, nextByte: reader.nextByte };
}

/** The first entry of a log; `undefined` where there is none, or another. @throws Node's file errors */
export async function readCreated(path: string): Promise<CreatedEntry | undefined> {
  await using reader = await LineReader.open(path);
  const [line] = await reader.next();
  try {
    const entry = line === undefined ? undefined : parseEntry(line, path);
    return entry?.type === 'created' ? entry : undefined;
  } catch {
    return undefined;
  }
}

export interface JobEvent {
  /** Its number, from 1. */
  event: number;
  progress: unknown;
}

export interface Following {
  /** Events to leave out, as many as were seen before. */
  after: number;
  /** Settles when it is worth to look again. */
  wait: () => Promise<unknown>;
  /** Whether the job is known to have ended without a word in its log. */
  isLost: () => boolean;
}

/** The progress in a log as it comes, until nothing is added any more. @throws TriviumError `corrupt`, what `wait` throws */
export async function* followProgress(
  path: string,
  owner: FileOwner,
  { after, wait, isLost }: Following,
): AsyncGenerator<JobEvent, void, void> {
  await using reader = await LineReader.open(path);
  let event = 0;
  for (let isLast = false; ; ) {
    for await (const lines of reader.rest()) {
      for (const line of lines) {
        if (isProgress(line) && ++event <= after) continue;
        const entry = parseEntry(line, path);
        if (entry.type === 'progress') yield { event, progress: entry.progress };
        if (entry.type === 'ended') return;
      }
    }
    if (isLast) return;
    // What was written before its process went is read once more.
    isLast = isLost() || ownerIsGone(owner, reader.touchedMs);
    if (!isLast) await wait();
  }
}

const queued = ({ id, plugin, capability, createdAt }: CreatedEntry): Job => ({
  id,
  plugin,
  capability,
  createdAt,
  status: 'queued',
  events: 0,
});

function changeOf(entry: JobEntry): Partial<Job> {
  if (entry.type === 'started') return { status: 'running' };
  if (entry.type === 'progress') return { progress: entry.progress };
  if (entry.type === 'created') return {};
  const { type: _, ...end } = entry;
  return end;
}
