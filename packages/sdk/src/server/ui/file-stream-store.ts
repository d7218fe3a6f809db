/**
 * Streams as append-only files of JSON lines: they survive their process, and any process reads them. A line is on its way to
 * the disk before a reader sees it, so that a process that is killed leaves everything its readers were given. A stream whose
 * process is gone reads as interrupted. Knows text and files, no protocol.
 */
import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ownerIsGone, thisProcess } from '../../jobs/job-log.js';
import { makeFolder } from '../../make-folder.js';
import { LiveText } from './live-text.js';
import type { StoredStream, StreamEnd, StreamStore, StreamWriter } from './stream-store.js';

export interface FileStreamStoreSettings {
  /** Where the files lie; made where it is missing. */
  folder: string;
  /** Milliseconds after which a stream that nobody wrote to is forgotten; default: an hour. */
  keepMs?: number;
}

const pollMs = 100;

const line = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('created'),
    process: z.object({ host: z.string(), pid: z.number().int(), start: z.string().optional() }),
  }),
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('ended'), how: z.enum(['ended', 'interrupted']) }),
]);
type Line = z.output<typeof line>;

/**
 * @example
 * const streamStore = new FileStreamStore({ folder: './.trivium/streams' });
 */
export class FileStreamStore implements StreamStore {
  readonly #folder: string;
  readonly #keepMs: number;
  /** Streams that this process writes. */
  readonly #own = new Map<string, FileStream>();

  constructor({ folder, keepMs = 3_600_000 }: FileStreamStoreSettings) {
    this.#folder = folder;
    this.#keepMs = keepMs;
  }

  async create(key: string): Promise<StreamWriter> {
    await makeFolder(this.#folder, { mode: 0o700 });
    await this.#forget(key);
    // Names sort by time, and say nothing of the key, which comes from outside.
    const name = `${prefixOf(key)}-${Date.now().toString(36)}-${randomBytes(4).toString('hex')}.jsonl`;
    const path = join(this.#folder, name);
    const stream = new FileStream(path, await open(path, 'ax', 0o600), () => {
      if (this.#own.get(key) === stream) this.#own.delete(key);
    });
    this.#own.set(key, stream);
    try {
      await stream.write({ type: 'created', process: thisProcess() });
    } catch (error) {
      await stream.end('interrupted').catch(() => {});
      throw error;
    }
    return stream;
  }

  async find(key: string): Promise<StoredStream | undefined> {
    const own = this.#own.get(key);
    if (own) return own;
    const prefix = `${prefixOf(key)}-`;
    const names = await readdir(this.#folder).catch(() => []);
    const newest = names
      .filter((name) => name.startsWith(prefix))
      .sort()
      .at(-1);
    if (newest === undefined) return undefined;
    const path = join(this.#folder, newest);
    const found = await LineReader.open(path);
    try {
      const lines = await found.next();
      if (lines[0]?.type !== 'created') return undefined;
      if (lines.some((one) => one.type === 'ended' && one.how === 'ended')) return undefined;
    } catch {
      // A file that is damaged is no stream; the chat goes on with its next message.
      return undefined;
    } finally {
      await found.close();
    }
    return { read: (signal) => follow(path, signal) };
  }

  /** Earlier streams of the key, and what is too old. */
  async #forget(key: string): Promise<void> {
    const prefix = `${prefixOf(key)}-`;
    for (const name of await readdir(this.#folder)) {
      if (!name.endsWith('.jsonl')) continue;
      const path = join(this.#folder, name);
      const found = await stat(path).catch(() => undefined);
      if (name.startsWith(prefix) || (found && Date.now() - found.mtimeMs > this.#keepMs))
        await unlink(path).catch(() => {});
    }
  }
}

const prefixOf = (key: string) => createHash('sha256').update(key).digest('hex').slice(0, 32);

/** One stream that this process writes: to its file first, then to its readers. */
class FileStream implements StreamWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #text = new LiveText();
  readonly #forget: () => void;
  #tail: Promise<void> = Promise.resolve();

  constructor(path: string, file: FileHandle, forget: () => void) {
    this.#path = path;
    this.#file = file;
    this.#forget = forget;
  }

  read(signal: AbortSignal) {
    return this.#text.read(signal);
  }

  async append(text: string): Promise<void> {
    await this.write({ type: 'text', text });
    this.#text.push(text);
  }

  async end(how: StreamEnd = 'ended'): Promise<void> {
    try {
      await this.write({ type: 'ended', how });
    } catch (error) {
      // Without its end it would be followed as long as this process lives.
      await unlink(this.#path).catch(() => {});
      throw error;
    } finally {
      this.#forget();
      this.#text.end(how);
      await this.#file.close();
    }
  }

  write(one: Line): Promise<void> {
    this.#tail = this.#tail.then(() => this.#file.appendFile(`${JSON.stringify(one)}\n`));
    return this.#tail;
  }
}

/** A stream of another process, or of one that is gone. */
async function* follow(path: string, signal: AbortSignal): AsyncGenerator<string, StreamEnd, void> {
  const file = await LineReader.open(path);
  try {
    let isLast = false;
    let owner: ReturnType<typeof thisProcess> | undefined;
    for (;;) {
      signal.throwIfAborted();
      const lines = await file.next();
      for (const one of lines) {
        if (one.type === 'text') yield one.text;
        if (one.type === 'ended') return one.how;
        if (one.type === 'created') owner = { start: undefined, ...one.process };
      }
      if (lines.length > 0) continue;
      // What it wrote before it went is read once more.
      if (isLast) return 'interrupted';
      isLast = !owner || ownerIsGone(owner);
      if (!isLast) await sleep(pollMs, undefined, { signal });
    }
  } finally {
    await file.close();
  }
}

/** Whole lines behind those that were read; what a dying process left half-written is no line. */
class LineReader {
  readonly #file: FileHandle;
  #fromByte = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(path: string): Promise<LineReader> {
    return new LineReader(await open(path, 'r'));
  }

  async next(): Promise<Line[]> {
    const { size } = await this.#file.stat();
    const bytes = Buffer.alloc(Math.max(0, size - this.#fromByte));
    const { bytesRead } = await this.#file.read(bytes, 0, bytes.length, this.#fromByte);
    const end = bytes.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
    this.#fromByte += end;
    const texts = bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
    return texts.map((text) => line.parse(JSON.parse(text)));
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
