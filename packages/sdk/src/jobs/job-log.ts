/**
 * One job as an append-only file of JSON lines: `created`, then `started`, any number of `progress`, and one `ended`. Changes
 * of state reach the disk before anybody hears of them; progress is written in batches. A line that a dying process left
 * half-written is no line. Refuses to know: what jobs do, which of them run.
 */
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { type Job, jobStatusIsFinal, TriviumError, triviumErrorCodes } from '@trivium/protocol';
import { z } from 'zod';
import { isAlive } from '../models/hub/file-lock.js';
import { processStart } from './process-start.js';

const entry = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('created'),
    id: z.string(),
    plugin: z.string(),
    capability: z.string(),
    input: z.unknown().optional(),
    createdAt: z.string(),
    scope: z.string().optional(),
    process: z.object({ host: z.string(), pid: z.number().int(), start: z.string().optional() }),
  }),
  z.object({ type: z.literal('started') }),
  z.object({ type: z.literal('progress'), progress: z.unknown() }),
  z.object({
    type: z.literal('ended'),
    status: z.enum(['succeeded', 'failed', 'cancelled']),
    endedAt: z.string(),
    output: z.unknown().optional(),
    error: z.looseObject({ code: z.enum(triviumErrorCodes), message: z.string() }).optional(),
  }),
]);
export type JobEntry = z.output<typeof entry>;

/** This process as its jobs name it; a number that the system gives to another process later does not count as alive. */
export const thisProcess = () => ({ host: hostname(), pid: process.pid, start: processStart(process.pid) });

/** Whether the process that a log or stream belongs to has ended; one of another machine is taken to live. */
export function ownerIsGone({ host, pid, start }: ReturnType<typeof thisProcess>): boolean {
  if (host !== hostname()) return false;
  return !isAlive(pid) || (start !== undefined && processStart(pid) !== start);
}

/** The writer's end; one a job, in the process that runs it. */
export class JobLog {
  readonly #file: FileHandle;
  #pending = '';
  #tail: Promise<void> = Promise.resolve();
  #isBroken = false;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** @throws Node's file errors, also when the file is there; nothing is left of a log that could not begin */
  static async create(path: string, created: JobEntry): Promise<JobLog> {
    const log = new JobLog(await open(path, 'ax', 0o600));
    try {
      await log.commit(created);
      return log;
    } catch (error) {
      await log.close().catch(() => {});
      await unlink(path).catch(() => {});
      throw error;
    }
  }

  /**
   * Soon on disk; entries keep their order. Once one could not be written none is any more, for half a line may stand there:
   * `commit` says so.
   */
  append(added: JobEntry): void {
    if (this.#isBroken) return;
    const line = `${JSON.stringify(added)}\n`;
    if (this.#pending === '') {
      this.#tail = this.#tail.then(() => this.#write());
      this.#tail.catch(() => (this.#isBroken = true));
    }
    this.#pending += line;
  }

  /** On disk when this resolves. @throws Node's file errors, also those of entries before */
  async commit(added: JobEntry): Promise<void> {
    this.append(added);
    await this.#tail;
    await this.#file.datasync();
  }

  async close(): Promise<void> {
    await this.#tail.catch(() => {});
    await this.#file.close();
  }

  async #write(): Promise<void> {
    const text = this.#pending;
    this.#pending = '';
    await this.#file.appendFile(text);
  }
}

/** The entries of a log behind `fromByte`, and where the next read goes on. */
export async function readEntries(
  path: string,
  fromByte = 0,
): Promise<{ entries: JobEntry[]; nextByte: number }> {
  const bytes = await bytesFrom(path, fromByte);
  const end = bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
  return { entries: lines.map((text, index) => parseLine(text, index, path)), nextByte: fromByte + end };
}

async function bytesFrom(path: string, fromByte: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(Math.max(0, size - fromByte));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, fromByte);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function parseLine(text: string, index: number, path: string): JobEntry {
  try {
    return entry.parse(JSON.parse(text));
  } catch (cause) {
    throw new TriviumError('corrupt', `${path} is no log of a job.`, {
      file: path,
      field: `line ${index + 1}`,
      remedy: 'Remove the file.',
      cause,
    });
  }
}

/** A job as its entries tell it; `undefined` where the first one is missing. */
export function jobOf(entries: readonly JobEntry[]): Job | undefined {
  const [created] = entries;
  if (created?.type !== 'created') return undefined;
  const { id, plugin, capability, createdAt } = created;
  const job: Job = { id, plugin, capability, createdAt, status: 'queued', events: 0 };
  for (const next of entries) {
    if (next.type === 'started') job.status = 'running';
    if (next.type === 'progress') {
      job.events += 1;
      job.progress = next.progress;
    }
    if (next.type === 'ended') {
      const { type: _, ...end } = next;
      Object.assign(job, JSON.parse(JSON.stringify(end)));
    }
  }
  if (!jobStatusIsFinal(job.status) && ownerIsGone({ start: undefined, ...created.process }))
    job.status = 'interrupted';
  return job;
}
