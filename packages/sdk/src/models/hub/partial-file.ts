/**
 * A file on its way: bytes under a temporary name that one process owns, kept when the work is interrupted and taken up
 * by whoever comes next. Ownership is the name itself and changes by rename, which only one process can win; so two
 * processes never write into one file, whatever becomes of locks. Knows no network.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { TriviumError } from '@trivium/protocol';
import { makeFolder } from '../../base/make-folder.js';
import { isAlive } from '../../base/owner.js';
import type { FileLayer } from './file-layer.js';

/** A partial file of another machine (a shared home folder) is taken up after this long without a write. */
const abandonedAfterMs = 60 * 60_000;

const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
/** Names this process owns now: a leftover of a dead process that had our number is not among them. */
const ours = new Set<string>();

/** `KEY.part` is free; `KEY.HOST-PID-TOKEN.part` has an owner. */
const owned = /\.([0-9a-f]{8})-(\d+)-[0-9a-f-]+\.part$/;

async function isFree(folder: string, name: string, files: FileLayer): Promise<boolean> {
  const owner = owned.exec(name);
  if (!owner) return true;
  if (owner[1] === host)
    return Number(owner[2]) === process.pid ? !ours.has(name) : !isAlive(Number(owner[2]));
  const found = await files.stat(join(folder, name)).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > abandonedAfterMs;
}

/** Partial files of a key that nobody writes to, the free one first. */
async function freePartials(folder: string, key: string, files: FileLayer): Promise<string[]> {
  const names = (await files.readdir(folder)).filter(
    (name) => name.startsWith(`${key}.`) && name.endsWith('.part'),
  );
  const free: string[] = [];
  for (const name of names.sort((a, b) => a.length - b.length))
    if (await isFree(folder, name, files)) free.push(name);
  return free;
}

export class PartialFile {
  readonly path: string;
  readonly #name: string;
  readonly #key: string;
  readonly #handle: FileHandle;
  readonly #files: FileLayer;
  #bytes: number;
  #closed = false;

  private constructor(
    folder: string,
    name: string,
    key: string,
    handle: FileHandle,
    bytes: number,
    files: FileLayer,
  ) {
    this.path = join(folder, name);
    this.#name = name;
    this.#key = key;
    this.#handle = handle;
    this.#bytes = bytes;
    this.#files = files;
  }

  /** Takes up what is left of an earlier try, or begins. `key` is a checksum: it says which bytes these are. */
  static async claim(folder: string, key: string, files: FileLayer): Promise<PartialFile> {
    await makeFolder(folder, { files });
    const name = `${key}.${host}-${process.pid}-${randomUUID()}.part`;
    ours.add(name);
    try {
      for (const left of await freePartials(folder, key, files)) {
        const taken = await files.rename(join(folder, left), join(folder, name)).then(
          () => true,
          () => false,
        );
        if (taken) break;
      }
      const handle = await files.open(join(folder, name), 'a+', 0o644).then(async (created) => {
        // "a+" makes the file where there is none; writing by position needs "r+".
        await created.close();
        return files.open(join(folder, name), 'r+');
      });
      return new PartialFile(folder, name, key, handle, (await handle.stat()).size, files);
    } catch (error) {
      ours.delete(name);
      throw error;
    }
  }

  /** Bytes written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  get handle(): Pick<FileHandle, 'read'> {
    return this.#handle;
  }

  async append(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(bytes, at, bytes.length - at, this.#bytes);
      at += bytesWritten;
      this.#bytes += bytesWritten;
    }
  }

  async restart(): Promise<void> {
    await this.#handle.truncate(0);
    this.#bytes = 0;
  }

  /** Gives the file its final name, once its bytes are on the disk. Leftovers of the same bytes go. */
  async commit(target: string): Promise<void> {
    await this.#handle.sync();
    const [written, named] = [await this.#handle.stat(), await this.#files.stat(this.path)];
    if (written.ino !== named.ino || written.size !== this.#bytes) {
      throw new TriviumError('io', 'A file was changed by somebody else while it was downloaded.', {
        file: this.path,
        remedy: 'Try again; leave the folder of downloads to Trivium.',
      });
    }
    await this.#close();
    await makeFolder(dirname(target), { files: this.#files });
    await this.#files.rename(this.path, target);
    ours.delete(this.#name);
    await syncFolder(dirname(target), this.#files);
    const folder = dirname(this.path);
    for (const left of await freePartials(folder, this.#key, this.#files).catch(() => []))
      await this.#files.unlink(join(folder, left)).catch(() => {});
  }

  /** Leaves the bytes for a later try, or nothing where there are none. Quiet: it runs where something else failed. */
  async release(): Promise<void> {
    await this.#close().catch(() => {});
    if (!ours.delete(this.#name)) return;
    const free = join(dirname(this.path), `${this.#key}.part`);
    await (this.#bytes > 0 ? this.#files.rename(this.path, free) : this.#files.unlink(this.path)).catch(
      () => {},
    );
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#handle.close();
  }
}

/** Makes a rename durable. Windows cannot sync folders and need not. */
async function syncFolder(folder: string, files: FileLayer): Promise<void> {
  const handle = await files.open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
