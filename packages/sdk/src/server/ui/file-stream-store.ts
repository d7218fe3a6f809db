/**
 * Streams as append-only files of JSON lines: they survive their process, and any process reads them. A line is on its way to
 * the disk before a reader sees it, so that a process that is killed leaves everything its readers were given. A stream whose
 * process is gone reads as interrupted. Knows text and files, no protocol.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { LineReader } from '../../line-reader.js';
import { makeFolder } from '../../make-folder.js';
import { type FileOwner, fileOwner, keepTouched, ownerIsGone, thisProcess } from '../../owner.js';
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
  z.object({ type: z.literal('created'), process: fileOwner }),
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
    const path = join(this.#folder, nameOf(key));
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
    const found = await stat(path).catch(() => undefined);
    if (!found || this.#isOld(found) || !(await isStream(path))) return undefined;
    return { read: (signal) => follow(path, signal), forget: () => remove(path) };
  }

  /**
   * Earlier streams of the key, and what is too old, where both its name and what it holds are those of a stream: others may
   * keep files here too.
   */
  async #forget(key: string): Promise<void> {
    const prefix = `${prefixOf(key)}-`;
    for (const name of await readdir(this.#folder)) {
      if (!ownName.test(name)) continue;
      const path = join(this.#folder, name);
      const found = await stat(path).catch(() => undefined);
      const isOver = found && (name.startsWith(prefix) || this.#isOld(found));
      if (isOver && (found.size === 0 || (await isStream(path)))) await remove(path);
    }
  }

  #isOld({ mtimeMs }: Stats): boolean {
    return Date.now() - mtimeMs > this.#keepMs;
  }
}

const prefixOf = (key: string) => createHash('sha256').update(key).digest('hex').slice(0, 32);

/** Names sort by time, and say nothing of the key, which comes from outside. */
const nameOf = (key: string) =>
  `${prefixOf(key)}-${Date.now().toString(36)}-${randomBytes(4).toString('hex')}.jsonl`;
const ownName = /^[0-9a-f]{32}-[0-9a-z]{8,9}-[0-9a-f]{8}\.jsonl$/;

/** Whether a file begins as a stream does; one that is damaged is none, and the chat goes on with its next message. */
async function isStream(path: string): Promise<boolean> {
  try {
    await using lines = await LineReader.open(path);
    const [first] = await lines.next();
    return first !== undefined && parsed(first)?.type === 'created';
  } catch {
    return false;
  }
}

const remove = (path: string) => unlink(path).catch(() => {});

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

/** One stream that this process writes: to its file first, then to its readers. */
class FileStream implements StreamWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #text = new LiveText();
  readonly #leave: () => void;
  readonly #release: () => void;
  #tail: Promise<void> = Promise.resolve();

  /** @param leave called when it is no longer among those that this process writes */
  constructor(path: string, file: FileHandle, leave: () => void) {
    this.#path = path;
    this.#file = file;
    this.#leave = leave;
    this.#release = keepTouched((now) => file.utimes(now, now));
  }

  read(signal: AbortSignal) {
    return this.#text.read(signal);
  }

  forget(): Promise<void> {
    this.#leave();
    return remove(this.#path);
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
      await remove(this.#path);
      throw error;
    } finally {
      this.#release();
      this.#leave();
      this.#text.end(how);
      await this.#file.close();
    }
  }

  write(one: Line): Promise<void> {
    this.#tail = this.#tail.then(() => this.#file.appendFile(`${JSON.stringify(one)}\n`));
    return this.#tail;
  }
}

/** A stream of another process, or of one that is gone; one that is damaged, as far as it is whole. */
async function* follow(path: string, signal: AbortSignal): AsyncGenerator<string, StreamEnd, void> {
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
