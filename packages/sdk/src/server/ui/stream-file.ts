/**
 * One stream as a file of JSON lines: written by one process, followed by any. A line is on its way to the disk before a reader
 * sees it, so that a process that is killed leaves everything its readers were given. Its writer looks now and then whether the
 * file is still there: who removes it says that nobody wants what is to come. Knows text and one file, no keys.
 */
import { type FileHandle, open, stat, unlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { LineReader } from '../../base/line-reader.js';
import { type FileOwner, fileOwner, keepTouched, ownerIsGone, thisProcess } from '../../base/owner.js';
import { LiveText } from './live-text.js';
import type { StreamEnd, StreamWriter } from './stream-store.js';

/** Milliseconds between two looks of a reader for more. */
const pollMs = 100;
/** Milliseconds between two looks of a writer for its file. */
const watchMs = 500;

const line = z.discriminatedUnion('type', [
  z.object({ type: z.literal('created'), process: fileOwner }),
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('ended'), how: z.enum(['ended', 'interrupted']) }),
]);
type Line = z.output<typeof line>;

/** A stream that this process writes: to its file first, then to its readers. */
export class StreamFile implements StreamWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #text = new LiveText();
  readonly #unwanted = new AbortController();
  readonly #onLeave: () => void;
  readonly #release: () => void;
  readonly #watch: NodeJS.Timeout;
  #isWatched = true;
  #tail: Promise<void> = Promise.resolve();

  private constructor(path: string, file: FileHandle, onLeave: () => void) {
    this.#path = path;
    this.#file = file;
    this.#onLeave = onLeave;
    this.#release = keepTouched((now) => file.utimes(now, now));
    this.#watch = setInterval(() => void this.#look(), watchMs).unref();
  }

  /**
   * @param onLeave called when it is no longer among those that this process writes
   * @throws Node's file errors; nothing is left then
   */
  static async create(path: string, onLeave: () => void): Promise<StreamFile> {
    const stream = new StreamFile(path, await open(path, 'ax', 0o600), onLeave);
    try {
      await stream.#write({ type: 'created', process: thisProcess() });
    } catch (error) {
      await stream.end('interrupted').catch(() => {});
      throw error;
    }
    return stream;
  }

  get unwanted(): AbortSignal {
    return this.#unwanted.signal;
  }

  read(signal: AbortSignal) {
    return this.#text.read(signal);
  }

  async forget(): Promise<void> {
    this.#leave();
    await removed(this.#path);
  }

  async append(text: string): Promise<void> {
    await this.#write({ type: 'text', text });
    this.#text.push(text);
  }

  async end(how: StreamEnd = 'ended'): Promise<void> {
    try {
      await this.#write({ type: 'ended', how });
    } catch (error) {
      // Without its end it would be followed as long as this process lives.
      await removed(this.#path);
      throw error;
    } finally {
      this.#release();
      this.#leave();
      this.#text.end(how);
      await this.#file.close();
    }
  }

  #write(one: Line): Promise<void> {
    this.#tail = this.#tail.then(() => this.#file.appendFile(`${JSON.stringify(one)}\n`));
    return this.#tail;
  }

  /** What happens to its file is no longer of interest. */
  #leave(): void {
    this.#isWatched = false;
    clearInterval(this.#watch);
    this.#onLeave();
  }

  async #look(): Promise<void> {
    // An error says nothing of whether it is there.
    const isThere = await stat(this.#path)
      .then(Boolean, noneWhereMissing)
      .catch(() => true);
    if (isThere || !this.#isWatched) return;
    this.#leave();
    this.#unwanted.abort();
  }
}

/** A stream of another process, or of one that is gone; one that is damaged, as far as it is whole. @throws Node's file errors */
export async function* follow(path: string, signal: AbortSignal): AsyncGenerator<string, StreamEnd, void> {
  await using lines = await LineReader.open(path);
  let owner: FileOwner | undefined;
  for (let isLast = false; ; ) {
    signal.throwIfAborted();
    for await (const one of linesOf(lines)) {
      if (!one) return 'interrupted';
      if (one.type === 'text') yield one.text;
      if (one.type === 'ended') return one.how;
      if (one.type === 'created') owner = one.process;
    }
    if (isLast) return 'interrupted';
    // What it wrote before it went is read once more.
    isLast = !owner || ownerIsGone(owner, lines.touchedMs);
    if (!isLast) await sleep(pollMs, undefined, { signal });
  }
}

/** Whether a file begins as a stream does; one that is damaged there, or gone, is none. @throws Node's other file errors */
export async function isStream(path: string): Promise<boolean> {
  await using lines = await LineReader.open(path).catch(noneWhereMissing);
  const [first] = (await lines?.next()) ?? [];
  return first !== undefined && parsed(first)?.type === 'created';
}

/** Whether a process still writes a stream; none does where it is damaged or gone. @throws Node's other file errors */
export async function isWritten(path: string): Promise<boolean> {
  await using lines = await LineReader.open(path).catch(noneWhereMissing);
  if (!lines) return false;
  let owner: FileOwner | undefined;
  for await (const one of linesOf(lines)) {
    if (!one || one.type === 'ended') return false;
    if (one.type === 'created') owner = one.process;
  }
  return owner !== undefined && !ownerIsGone(owner, lines.touchedMs);
}

/** Removes a file. @returns whether it was there, and could be */
export const removed = (path: string): Promise<boolean> =>
  unlink(path).then(
    () => true,
    () => false,
  );

/** For what is asked of a file that may be gone. @throws what it is given, where that is another error */
export function noneWhereMissing(error: unknown): undefined {
  if ((error as { code?: string } | null)?.code !== 'ENOENT') throw error;
}

/** Nothing where it is damaged. */
function parsed(text: string): Line | undefined {
  try {
    return line.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function* linesOf(reader: LineReader): AsyncGenerator<Line | undefined, void, void> {
  for await (const texts of reader.rest()) yield* texts.map(parsed);
}
