/**
 * Folders that callers may put files in, inside the root, so that whatever takes a path takes them too. All of a server lie in
 * one folder of its own, which goes with it; those of servers that were killed go when another one makes a folder. What is put
 * is bounded, a document, and under a plain name. Refuses to know HTTP and who calls.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { TriviumError } from '@trivium/protocol';
import { insideRoot } from '../../base/inside-root.js';
import { makeFolder } from '../../base/make-folder.js';
import { fileOwner, keepTouched, ownerIsGone, thisProcess } from '../../base/owner.js';
import { assertDocument } from '../../documents/index.js';
import { ownFolderName, scratchParts, serverIdPattern } from '../../served/scratch-paths.js';

export interface ScratchLimits {
  /** Bytes of all files of all folders. */
  maxBytes: number;
  maxFolders: number;
  maxFilesPerFolder: number;
  /** A folder that nothing was put in for so many milliseconds goes where another is made. */
  keepMs: number;
}

const defaults: ScratchLimits = {
  maxBytes: 256 * 2 ** 20,
  maxFolders: 256,
  maxFilesPerFolder: 100,
  keepMs: 24 * 3_600_000,
};

export interface PutFile {
  /** Relative to the root, with `/`: what calls name it by. */
  path: string;
  bytes: number;
}

interface Folder {
  /** Bytes by the names of its files. */
  files: Map<string, number>;
  usedMs: number;
}

export class ScratchFolders implements AsyncDisposable {
  readonly #root: string;
  readonly #limits: ScratchLimits;
  readonly #folders = new Map<string, Folder>();
  /** Absolute; made with the first folder. */
  #own: Promise<string> | undefined;
  #release = () => {};

  /** @param root absolute and real */
  constructor(root: string, limits: Partial<ScratchLimits> = {}) {
    this.#root = root;
    this.#limits = { ...defaults, ...limits };
  }

  /** @throws TriviumError `busy` where there are too many, `io` where the root cannot be written to */
  async create(): Promise<{ id: string; path: string }> {
    await this.#forgetOld();
    if (this.#folders.size >= this.#limits.maxFolders) {
      throw new TriviumError('busy', `There are ${this.#folders.size} scratch folders already.`, {
        remedy: 'Remove one that is not needed any more, or try again later.',
      });
    }
    const id = randomBytes(16).toString('hex');
    try {
      return { id, path: this.#shown(await this.#make(id)) };
    } catch (error) {
      this.#folders.delete(id);
      throw TriviumError.from(error);
    }
  }

  /**
   * Puts a document into a folder; one of that name is replaced.
   * @param name of a file, as `fileName` of the routes checks it
   * @throws TriviumError `not-found`, `too-large`, `unsupported` for what is no document, `io`
   */
  async put(id: string, name: string, bytes: Uint8Array): Promise<PutFile> {
    const folder = this.#folder(id);
    assertDocument(name, bytes);
    this.#assertRoom(folder, name, bytes.length);
    const before = folder.files.get(name);
    // Before anything is awaited, so that calls at once cannot take more together than one after the other.
    folder.files.set(name, bytes.length);
    folder.usedMs = Date.now();
    try {
      const file = join(await this.#ownFolder(), id, name);
      // Its parent too may have been replaced by a link meanwhile.
      await insideRoot(this.#root, file, 'name');
      await writeWhole(file, bytes);
      return { path: this.#shown(file), bytes: bytes.length };
    } catch (error) {
      if (before === undefined) folder.files.delete(name);
      else folder.files.set(name, before);
      throw TriviumError.from(error);
    }
  }

  /** @throws TriviumError `not-found` */
  async remove(id: string): Promise<void> {
    this.#folder(id);
    this.#folders.delete(id);
    await rm(join(await this.#ownFolder(), id), { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#own) return;
    const own = await this.#own.catch(() => undefined);
    this.#release();
    this.#folders.clear();
    if (own === undefined) return;
    await rm(own, { recursive: true, force: true });
    // What others use is not empty and stays.
    await rmdir(dirname(own)).catch(() => {});
    await rmdir(join(this.#root, ownFolderName)).catch(() => {});
  }

  #folder(id: string): Folder {
    const folder = this.#folders.get(id);
    if (folder) return folder;
    throw new TriviumError('not-found', 'There is no such scratch folder.', {
      field: 'id',
      found: id,
      remedy: 'Make one with POST /v1/scratch; they go with their server.',
    });
  }

  #assertRoom(folder: Folder, name: string, bytes: number): void {
    const { maxBytes, maxFilesPerFolder } = this.#limits;
    if (!folder.files.has(name) && folder.files.size >= maxFilesPerFolder) {
      throw new TriviumError('too-large', `The folder holds ${maxFilesPerFolder} files already.`, {
        field: 'name',
        remedy: 'Make another folder.',
      });
    }
    const taken = [...this.#folders.values()].flatMap(({ files }) => [...files.values()]);
    const total = taken.reduce((sum, one) => sum + one, 0) - (folder.files.get(name) ?? 0) + bytes;
    if (total <= maxBytes) return;
    throw new TriviumError('too-large', 'The scratch folders have no room for this file.', {
      field: 'body',
      expected: `at most ${maxBytes} bytes in all folders`,
      found: `${total} bytes`,
      remedy: 'Remove folders that are not needed any more.',
    });
  }

  /** A folder of that id, in this server's own; where that is gone, in a new one. */
  async #make(id: string, isAgain = false): Promise<string> {
    this.#folders.set(id, { files: new Map(), usedMs: Date.now() });
    const making = this.#ownFolder();
    try {
      const own = await making;
      await removeOrphans(dirname(own));
      const folder = join(own, id);
      await mkdir(folder, { mode: 0o700 });
      return folder;
    } catch (error) {
      if (isAgain || (error as { code?: string }).code !== 'ENOENT') throw error;
      this.#lose(making);
      return this.#make(id, true);
    }
  }

  /** This server slept, and another one took it for gone. Of calls at once, the first that sees it forgets all. */
  #lose(own: Promise<string>): void {
    if (this.#own !== own) return;
    this.#release();
    this.#own = undefined;
    this.#folders.clear();
  }

  async #forgetOld(): Promise<void> {
    const old = [...this.#folders].filter(([, { usedMs }]) => Date.now() - usedMs > this.#limits.keepMs);
    // Before anything is awaited, so that calls at once do not remove the same.
    for (const [id] of old) this.#folders.delete(id);
    if (old.length === 0) return;
    const own = await this.#ownFolder();
    for (const [id] of old) await rm(join(own, id), { recursive: true, force: true }).catch(() => {});
  }

  #ownFolder(): Promise<string> {
    this.#own ??= makeOwnFolder(this.#root).then(
      (own) => {
        this.#release = keepTouched((now) => utimes(join(own, ownerFile), now, now));
        return own;
      },
      (error) => {
        this.#own = undefined;
        throw error;
      },
    );
    return this.#own;
  }

  #shown(path: string): string {
    return relative(this.#root, path).replaceAll('\\', '/');
  }
}

async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, bytes, { flag: 'wx', mode: 0o600 });
    await rename(temporary, file);
  } catch (error) {
    // Nobody counts it.
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}

async function makeOwnFolder(root: string): Promise<string> {
  const parent = join(root, ...scratchParts);
  await makeFolder(parent, { mode: 0o700 });
  await insideRoot(root, parent, 'root');
  const own = join(parent, randomBytes(8).toString('hex'));
  await mkdir(own, { mode: 0o700 });
  await writeFile(join(own, ownerFile), JSON.stringify(thisProcess()), { flag: 'wx', mode: 0o600 });
  return own;
}

/** Says which process a server's folder belongs to. */
const ownerFile = 'owner.json';

/** A folder without a word about its owner may be one that is being made. */
const graceMs = 60_000;

/** What a server of another machine has not touched for so many milliseconds is removed: it may only have slept. */
const sleepMs = 3_600_000;

async function removeOrphans(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!serverIdPattern.test(name)) continue;
    const folder = join(parent, name);
    try {
      if (await isOrphan(folder)) await rm(folder, { recursive: true, force: true });
    } catch {
      // Another server removes it at the same time.
    }
  }
}

async function isOrphan(folder: string): Promise<boolean> {
  const file = join(folder, ownerFile);
  const owner = await readFile(file, 'utf8').then(
    (text) => fileOwner.safeParse(JSON.parse(text)).data,
    () => undefined,
  );
  if (owner) return ownerIsGone(owner, (await stat(file)).mtimeMs, sleepMs);
  return Date.now() - (await stat(folder)).mtimeMs > graceMs;
}
