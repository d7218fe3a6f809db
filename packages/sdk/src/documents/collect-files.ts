/**
 * From paths, folders and globs to a list of files with size and time: respects .gitignore, leaves out what nobody reads
 * (dependencies, hidden folders), survives symlink loops. Opens no file but .gitignore.
 */
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, normalize, relative, resolve, sep } from 'node:path';
import { TriviumError } from '@trivium/protocol/errors';
import ignore, { type Ignore } from 'ignore';
import { globFiles, isOutside } from './glob-files.js';
import { globPatterns, hasFewStars, isGlob } from './glob-patterns.js';
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

const leftOut = new Set(['node_modules', '__pycache__', 'venv']);
/** Of names in a folder; "." is none. */
const isLeftOut = (name: string) => (name.startsWith('.') && name !== '.') || leftOut.has(name);

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

interface Rules {
  folder: string;
  matcher: Ignore;
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
    const named = pattern.split(sep).join('/');
    const from = named.lastIndexOf('/', named.search(isGlob)) + 1;
    const patterns = globPatterns(named, from);
    const folder = dirname(`${named.slice(0, from)}x`);
    const base = resolve(folder);
    this.#roots.add(base);
    this.#bases.add(base);
    const reach = this.#within ?? (await realpath(base).catch(() => base));
    const { files, outside } = await globFiles(patterns, base, reach, this.#signal);
    if (files.length === 0 && outside.length === 0) return this.#miss(pattern);
    for (const path of outside) this.#skipped.push({ path: join(folder, path), reason: outOfReach });
    for (const file of files) {
      this.#signal?.throwIfAborted();
      await this.#addFile(join(folder, file), join(base, file), reach);
    }
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

/** A file error as a reason of `skipped`. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by this user';
  if (code === 'ENOENT') return 'is gone, or a link that leads nowhere';
  if (code === 'ELOOP') return 'a link that leads back to itself';
  return message ?? String(error);
}

/** As git sets itself up for the file systems that these platforms come with. */
const ignoresCase = process.platform === 'darwin' || process.platform === 'win32';

/** Lines of more stars than globs may have leave nothing out: files are not to say how long a look at them takes. */
async function readRules(folder: string): Promise<Rules | undefined> {
  try {
    const lines = (await readFile(join(folder, '.gitignore'), 'utf8')).split(/\r?\n/);
    const matcher = ignore({ ignorecase: ignoresCase });
    return { folder, matcher: matcher.add(lines.filter(hasFewStars)) };
  } catch {
    return undefined;
  }
}

/** Rules of the folders above, up to the repository's root; none where they leave out `folder` itself. */
async function enclosingRules(folder: string): Promise<Rules[]> {
  const rules: Rules[] = [];
  for (let here = folder; ; here = dirname(here)) {
    if (here !== folder) {
      const found = await readRules(here);
      if (found) rules.unshift(found);
    }
    if (await stat(join(here, '.git')).catch(() => undefined)) break;
    if (dirname(here) === here) return [];
  }
  const within = isIgnored(folder, true, rules) || folder.split(sep).some((name) => leftOut.has(name));
  return within ? [] : rules;
}

function isIgnored(path: string, isFolder: boolean, rules: readonly Rules[]): boolean {
  let ignored = false;
  for (const { folder, matcher } of rules) {
    const inside = relative(folder, path).split(sep).join('/');
    if (inside === '' || inside.startsWith('..')) continue;
    const result = matcher.test(isFolder ? `${inside}/` : inside);
    if (result.ignored) ignored = true;
    else if (result.unignored) ignored = false;
  }
  return ignored;
}
