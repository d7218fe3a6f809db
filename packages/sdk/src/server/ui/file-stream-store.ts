/**
 * Streams as append-only files in a folder, which survive their process; any process reads, replaces and cancels them. A stream
 * whose process is gone reads as interrupted. Knows names and ages of files; what they hold is `stream-file.ts`.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../base/make-folder.js';
import { follow, isStream, isWritten, noneWhereMissing, removed, StreamFile } from './stream-file.js';
import type { StoredStream, StreamStore, StreamWriter } from './stream-store.js';

export interface FileStreamStoreSettings {
  /** Where the files lie; made where it is missing. */
  folder: string;
  /** Milliseconds after which a stream that nobody wrote to is forgotten; default: an hour. */
  keepMs?: number;
}

/** Milliseconds between two looks for old files: each is asked for its age. */
const sweepEveryMs = 60_000;

/**
 * @example
 * const streamStore = new FileStreamStore({ folder: './.trivium/streams' });
 */
export class FileStreamStore implements StreamStore {
  readonly #folder: string;
  readonly #keepMs: number;
  /** Streams that this process writes, by the names of their files. */
  readonly #own = new Map<string, StreamFile>();
  #nextSweepMs = 0;

  constructor({ folder, keepMs = 3_600_000 }: FileStreamStoreSettings) {
    this.#folder = folder;
    this.#keepMs = keepMs;
  }

  async create(key: string): Promise<StreamWriter> {
    await makeFolder(this.#folder, { mode: 0o700 });
    const name = nameOf(key, await this.#newestName(key));
    const stream = await StreamFile.create(this.#path(name), () => this.#own.delete(name));
    this.#own.set(name, stream);
    await this.#forgetBefore(name, key).catch(() => {});
    this.#sweep();
    return stream;
  }

  /** @throws Node's file errors: a stream that cannot be read now may be there */
  async find(key: string): Promise<StoredStream | undefined> {
    const name = await this.#newestName(key);
    if (name === undefined) return undefined;
    const own = this.#own.get(name);
    if (own) return own;
    const path = this.#path(name);
    if ((await this.#isOld(name)) || !(await isStream(path))) return undefined;
    return { read: (signal) => follow(path, signal), forget: async () => void (await removed(path)) };
  }

  async cancel(key: string): Promise<boolean> {
    const name = await this.#newestName(key);
    if (name === undefined || this.#own.has(name)) return false;
    return (await isWritten(this.#path(name))) && removed(this.#path(name));
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  /** Of files that may be streams, in the order in which they were begun where they have one key. */
  async #names(prefix = ''): Promise<string[]> {
    const names = (await readdir(this.#folder).catch(noneWhereMissing)) ?? [];
    return names.filter((name) => name.startsWith(prefix) && ownName.test(name)).sort();
  }

  async #newestName(key: string): Promise<string | undefined> {
    return (await this.#names(prefixOf(key))).at(-1);
  }

  /** Earlier streams of a key. Looked for behind the start of the next one, so that of two that start at once one stays. */
  async #forgetBefore(name: string, key: string): Promise<void> {
    for (const other of await this.#names(prefixOf(key))) if (other < name) await this.#forget(other);
  }

  /** What is too old goes now and then, and no answer waits for it. */
  #sweep(): void {
    if (performance.now() < this.#nextSweepMs) return;
    this.#nextSweepMs = performance.now() + sweepEveryMs;
    const forgetOld = async () => {
      for (const name of await this.#names())
        if (await this.#isOld(name).catch(() => false)) await this.#forget(name);
    };
    void forgetOld().catch(() => {});
  }

  /** @throws Node's file errors, except where it is gone */
  async #isOld(name: string): Promise<boolean> {
    const found = await stat(this.#path(name)).catch(noneWhereMissing);
    return found !== undefined && Date.now() - found.mtimeMs > this.#keepMs;
  }

  /** Where what it holds is a stream too, or nothing yet: others may keep files of such names. */
  async #forget(name: string): Promise<void> {
    const path = this.#path(name);
    const found = await stat(path).catch(() => undefined);
    if (found?.size === 0 || (await isStream(path).catch(() => false))) await removed(path);
  }
}

const prefixOf = (key: string) => `${createHash('sha256').update(key).digest('hex').slice(0, 32)}-`;
const ownName = /^[0-9a-f]{32}-[0-9a-z]{8,9}-[0-9a-f]{8}\.jsonl$/;

/**
 * Names of one key sort by time, and say nothing of the key, which comes from outside.
 * @param before the newest name of the key: the next one is behind it, though the clock that wrote it was ahead
 */
function nameOf(key: string, before?: string): string {
  const time = before?.slice(prefixOf(key).length).split('-')[0];
  const ms = Math.max(Date.now(), time === undefined ? 0 : Number.parseInt(time, 36) + 1);
  return `${prefixOf(key)}${ms.toString(36)}-${randomBytes(4).toString('hex')}.jsonl`;
}
