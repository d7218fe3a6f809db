/**
 * From paths, folders and globs to a list of files with size and time: respects .gitignore, leaves out what nobody reads
 * (dependencies, hidden folders), survives symlink loops. What is named itself is read whatever leaves it out. Opens no file.
 */
import { readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, normalize, resolve, sep } from 'node:path';
import { TriviumError } from '@trivium/protocol/errors';
import { globFiles, isOutside } from './glob-files.js';
import { globPatterns, isGlob, namedBy } from './glob-patterns.js';
import { enclosingRules, isIgnored, isLeftOut, type Rules, RulesBelow, readRules } from './left-out.js';
import { binaryName } from './readers/media-types.js';

export interface FoundFile {
  /** As the caller will see it: the named path and what lies below it. */
  path: string;
  absolutePath: string;
  size: number;
  mtimeMs: number;
  /** With the inode it tells files apart that were given the same time, as builds, `cp -p` and images of containers do. */
  ctimeMs: number;
  ino: number;
}

export interface FoundFiles {
  files: FoundFile[];
  skipped: { path: string; reason: string }[];
  /** Absolute paths to watch. */
  roots: string[];
  /** Whether what stands at `inside`, a path from `root`, may be among the files, or say which are. */
  mayBeRead: (root: string, inside: string) => boolean;
}

export interface CollectOptions {
  signal?: AbortSignal | undefined;
  /**
   * A folder, absolute and real: what lies elsewhere, if only by way of a link, is skipped with a reason. Default: links are
   * followed within the folder that was named, and a file that is named itself is read wherever it lies.
   */
  within?: string | undefined;
  /** A path or glob that fits nothing is skipped with a reason; default false. */
  skipMissing?: boolean;
}

/**
 * @throws TriviumError `not-found` naming the path or glob that fits nothing, unless that is to be skipped; `invalid-argument` for
 * a glob of too many wildcards; the signal's reason
 */
export async function collectFiles(
  paths: readonly string[],
  options: CollectOptions = {},
): Promise<FoundFiles> {
  const collector = new Collector(options);
  for (const path of paths) if (path !== '-') await collector.addPath(path);
  return collector.finish();
}

class Collector {
  readonly #files = new Map<string, FoundFile>();
  readonly #skipped: { path: string; reason: string }[] = [];
  readonly #roots = new Set<string>();
  /** Roots of globs, which may name hidden folders. */
  readonly #bases = new Set<string>();
  readonly #visited = new Set<string>();
  readonly #signal: AbortSignal | undefined;
  readonly #within: string | undefined;
  readonly #skipMissing: boolean;

  constructor({ signal, within, skipMissing = false }: CollectOptions) {
    this.#signal = signal;
    this.#within = within;
    this.#skipMissing = skipMissing;
  }

  async addPath(path: string): Promise<void> {
    const absolutePath = resolve(path);
    const found = await stat(absolutePath).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
      throw TriviumError.from(error);
    });
    if (!found && isGlob.test(path)) return this.#addGlob(path);
    this.#roots.add(absolutePath);
    if (!found) this.#miss(path);
    else if (found.isDirectory()) {
      const reach = this.#within ?? (await realpath(absolutePath));
      await this.#addFolder(normalize(path), absolutePath, await enclosingRules(absolutePath), reach);
    } else await this.#addFile(normalize(path), absolutePath, this.#within);
  }

  finish(): FoundFiles {
    const files = [...this.#files.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
    const mayBeRead = (root: string, inside: string) =>
      this.#bases.has(root) || !dirname(inside).split(sep).some(isLeftOut);
    return { files, skipped: this.#skipped, roots: [...this.#roots], mayBeRead };
  }

  async #addGlob(pattern: string): Promise<void> {
    const glob = pattern.split(sep).join('/');
    const from = glob.lastIndexOf('/', glob.search(isGlob)) + 1;
    const patterns = globPatterns(glob, from);
    const folder = dirname(`${glob.slice(0, from)}x`);
    const base = resolve(folder);
    this.#roots.add(base);
    this.#bases.add(base);
    const reach = this.#within ?? (await realpath(base).catch(() => base));
    const { files, outside } = await globFiles(patterns, base, reach, this.#signal);
    if (files.length === 0 && outside.length === 0) return this.#miss(pattern);
    for (const path of outside) this.#skipped.push({ path: join(folder, path), reason: outOfReach });
    const named = new Set(patterns.map(namedBy));
    const rules = new RulesBelow(base);
    let isRead = false;
    for (const file of files) {
      this.#signal?.throwIfAborted();
      if (!named.has(file) && (await rules.ignore(join(base, file)))) continue;
      isRead = true;
      await this.#addFile(join(folder, file), join(base, file), reach);
    }
    if (!isRead && files.length > 0) this.#skipped.push({ path: pattern, reason: allIgnored });
  }

  #miss(path: string): void {
    if (!this.#skipMissing) {
      throw new TriviumError('not-found', `There is no file or folder ${path}.`, {
        file: path,
        remedy: 'Check the path.',
      });
    }
    this.#skipped.push({ path, reason: 'is gone' });
  }

  /** @param reach the real folder in which links are followed */
  async #addFolder(
    path: string,
    absolutePath: string,
    rules: readonly Rules[],
    reach: string,
  ): Promise<void> {
    this.#signal?.throwIfAborted();
    try {
      const real = await realpath(absolutePath);
      if (this.#visited.has(real)) return;
      if (isOutside(reach, real)) {
        this.#skipped.push({ path, reason: outOfReach });
        return;
      }
      this.#visited.add(real);
      const entries = await readdir(absolutePath, { withFileTypes: true });
      const own = entries.some(({ name }) => name === '.gitignore')
        ? await readRules(absolutePath)
        : undefined;
      const all = own ? [...rules, own] : rules;
      const folders: string[] = [];
      const files: Promise<void>[] = [];
      for (const entry of entries) {
        if (isLeftOut(entry.name)) continue;
        const inner = join(absolutePath, entry.name);
        let isFolder = entry.isDirectory();
        if (entry.isSymbolicLink())
          isFolder = (await stat(inner).catch(() => undefined))?.isDirectory() ?? false;
        if (isIgnored(inner, isFolder, all)) continue;
        if (isFolder) folders.push(entry.name);
        // What is no link lies where its folder does.
        else
          files.push(
            this.#addFile(join(path, entry.name), inner, entry.isSymbolicLink() ? reach : undefined),
          );
      }
      await Promise.all(files);
      for (const name of folders)
        await this.#addFolder(join(path, name), join(absolutePath, name), all, reach);
    } catch (error) {
      this.#signal?.throwIfAborted();
      this.#skipped.push({ path, reason: reasonOf(error) });
    }
  }

  /** @param reach the real folder that it must lie in; `undefined` where that is known, or anywhere will do */
  async #addFile(path: string, absolutePath: string, reach: string | undefined): Promise<void> {
    if (this.#files.has(absolutePath)) return;
    const binary = binaryName(path);
    if (binary) {
      this.#skipped.push({ path, reason: binary });
      return;
    }
    try {
      const found = await stat(absolutePath);
      const { size, mtimeMs, ctimeMs, ino } = found;
      if (reach !== undefined && isOutside(reach, await realpath(absolutePath)))
        this.#skipped.push({ path, reason: outOfReach });
      else if (found.isFile())
        this.#files.set(absolutePath, { path, absolutePath, size, mtimeMs, ctimeMs, ino });
      else this.#skipped.push({ path, reason: 'not a regular file' });
    } catch (error) {
      this.#skipped.push({ path, reason: reasonOf(error) });
    }
  }
}

const outOfReach = 'a link that leads out of the folder that may be read: name what it leads to';
const allIgnored = 'fits nothing but what .gitignore leaves out: name the files or their folder';

/** A file error as a reason of `skipped`. */
export function reasonOf(error: unknown): string {
  const { code, message, path } = error as { code?: string; message?: string; path?: string };
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by this user';
  // Node replaces what it cannot decode, and finds nothing under that name.
  if (code === 'ENOENT' && path?.includes('\ufffd')) return 'has a name that is not UTF-8: rename it';
  if (code === 'ENOENT') return 'is gone, or a link that leads nowhere';
  if (code === 'ELOOP') return 'a link that leads back to itself';
  return message ?? String(error);
}
