/**
 * Bounds what cache files take on disk, indexes and packed weights alike: the least recently used ones go first. Whoever uses
 * a file sets one of its times, for systems note reading late or not at all; the later one is its last use. Several processes
 * may prune at once: a file that another one removed is as good as absent, and is made anew. Refuses to know what is in a file.
 */
import { readdir, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';

/** 1 GiB: the index of 238 pages with 410,000 tokens takes 6 MB, so this holds about 180 such folders. */
export const defaultCacheBytes = 2 ** 30;
/** A temporary file of this age belongs to a process that died while it wrote. */
const abandonedAfterMs = 60 * 60 * 1000;
/** As `saveIndex` and the engine name them. */
const temporary = /\.tmp(-\d+-\d+)?$/;

interface KeptFile {
  path: string;
  bytes: number;
  usedAtMs: number;
}

/** Makes an index the most recently used one. Where that cannot be noted it only goes sooner. */
export async function markIndexUsed(file: string): Promise<void> {
  const now = new Date();
  await utimes(file, now, now).catch(() => {});
}

/**
 * Removes files of `folder` with this ending until all of them take at most `limitBytes`, the least recently used first and
 * `newest` never, and what writers that died have left. Answers the paths it removed.
 * @example await pruneCache('/var/cache/trivium/documents', '.index', 2 ** 30)
 * @throws Node's file errors, save for files that are gone already
 */
export async function pruneCache(
  folder: string,
  ending: string,
  limitBytes: number,
  newest?: string,
): Promise<string[]> {
  const now = Date.now();
  const kept: KeptFile[] = [];
  const removed: string[] = [];
  for (const name of await readdir(folder)) {
    const file = await inspect(join(folder, name));
    if (!file) continue;
    if (name.endsWith(ending)) kept.push(file);
    else if (temporary.test(name) && now - file.usedAtMs > abandonedAfterMs) {
      await remove(file.path);
      removed.push(file.path);
    }
  }
  let total = kept.reduce((sum, { bytes }) => sum + bytes, 0);
  const candidates = kept.filter(({ path }) => path !== newest).sort((a, b) => a.usedAtMs - b.usedAtMs);
  for (const { path, bytes } of candidates) {
    if (total <= limitBytes) break;
    await remove(path);
    removed.push(path);
    total -= bytes;
  }
  return removed;
}

async function inspect(path: string): Promise<KeptFile | undefined> {
  const facts = await unlessGone(stat(path));
  return facts?.isFile()
    ? { path, bytes: facts.size, usedAtMs: Math.max(facts.atimeMs, facts.mtimeMs) }
    : undefined;
}

async function remove(path: string): Promise<void> {
  await unlessGone(unlink(path));
}

async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
