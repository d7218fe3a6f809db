/**
 * One job as an append-only file of JSON lines: `created`, then `started`, any number of `progress`, and one `ended`. Changes
 * of state reach the disk before anybody hears of them; progress is written in batches. Whoever writes it touches it now and
 * then. Refuses to know: what jobs do, which of them run.
 */
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { TriviumError, triviumErrorCodes } from '@trivium/protocol';
import { z } from 'zod';
import { fileOwner, keepTouched } from '../base/owner.js';

const created = z.object({
  type: z.literal('created'),
  id: z.string(),
  plugin: z.string(),
  capability: z.string(),
  input: z.unknown().optional(),
  createdAt: z.string(),
  caller: z.string().optional(),
  scope: z.string().optional(),
  process: fileOwner,
});
export type CreatedEntry = z.output<typeof created>;

const entry = z.discriminatedUnion('type', [
  created,
  z.object({ type: z.literal('started') }),
  z.object({ type: z.literal('progress'), progress: z.unknown() }),
  z.object({
    type: z.literal('ended'),
    status: z.enum(['succeeded', 'failed', 'cancelled']),
    endedAt: z.string(),
    output: z.unknown().optional(),
    // Newer versions may know more codes; a log is no less a log for that.
    error: z
      .looseObject({ code: z.enum(triviumErrorCodes).catch('internal'), message: z.string() })
      .optional(),
  }),
]);
export type JobEntry = z.output<typeof entry>;

/** The writer's end; one a job, in the process that runs it. */
export class JobLog {
  readonly #file: FileHandle;
  readonly #release: () => void;
  #pending = '';
  #tail: Promise<void> = Promise.resolve();
  #isBroken = false;

  private constructor(file: FileHandle) {
    this.#file = file;
    this.#release = keepTouched((now) => file.utimes(now, now));
  }

  /** @throws Node's file errors, also when the file is there; nothing is left of a log that could not begin */
  static async create(path: string, created: CreatedEntry): Promise<JobLog> {
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
    this.#release();
    await this.#tail.catch(() => {});
    await this.#file.close();
  }

  async #write(): Promise<void> {
    const text = this.#pending;
    this.#pending = '';
    await this.#file.appendFile(text);
  }
}

/** Whether a line tells of progress: as `JobLog` writes it, so that it can be counted without being parsed. */
export const isProgress = (line: string): boolean => line.startsWith('{"type":"progress"');

/** @throws TriviumError `corrupt` naming the file */
export function parseEntry(line: string, path: string): JobEntry {
  try {
    return entry.parse(JSON.parse(line));
  } catch (cause) {
    throw new TriviumError('corrupt', `${path} is no log of a job.`, {
      file: path,
      remedy: 'Remove the file.',
      cause,
    });
  }
}
