/**
 * Bounds what cache files take on disk, indexes and packed weights alike: the least recently used ones go first. Whoever uses
 * a file sets one of its times, for systems note reading late or not at all; the later one is its last use. Several processes
 * may prune at once: a file that another one removed is as good as absent, and is made anew. Refuses to know what is in a file,
 * and touches none whose name is not one of its kind: the folder may be one that a user keeps other things in.
 */
import { readdir, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';

/** A temporary file of this age belongs to a process that died while it wrote. */
const abandonedAfterMs = 60 * 60 * 1000;

interface KeptFile {
  path: string;
  bytes: number;
  usedAtMs: number;
}

/**
 * Makes a file the most recently used one, and answers whether it is there. Where its use cannot be noted it only goes
 * sooner.
 */
export async function markUsed(file: string): Promise<boolean> {
  const now = new Date();
  try {
    await utimes(file, now, now);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code !== 'ENOENT' && code !== 'ENOTDIR';
  }
}

/**
 * Removes files of one kind from `folder` until all of them, those being written included, take at most `limitBytes`: the least
 * recently used first, `newest` never, and what writers that died have left. Answers the paths it removed.
 * @example await pruneFolder('/var/cache/trivium/documents', indexFiles, 2 ** 30)
 * @throws the first of Node's file errors once everything else is done, save for files that are gone already
 */
export async function pruneFolder(
  folder: string,
  kind: RegExp,
  limitBytes: number,
  newest?: string,
): Promise<string[]> {
  const now = Date.now();
  const removed: string[] = [];
  const failures: unknown[] = [];
  const attempt = async <T>(work: Promise<T>): Promise<T | undefined> =>
    work.catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') failures.push(error);
      return undefined;
    });
  const remove = async (path: string): Promise<boolean> => {
    const failed = failures.length;
    await attempt(unlink(path));
    if (failures.length > failed) return false;
    removed.push(path);
    return true;
  };
  const candidates: KeptFile[] = [];
  let total = 0;
  for (const name of await readdir(folder)) {
    const match = kind.exec(name);
    const path = join(folder, name);
    const facts = match ? await attempt(stat(path)) : undefined;
    if (!facts?.isFile()) continue;
    const file = { path, bytes: facts.size, usedAtMs: Math.max(facts.atimeMs, facts.mtimeMs) };
    const isTemporary = match?.[1] !== undefined;
    if (isTemporary && now - file.usedAtMs > abandonedAfterMs && (await remove(path))) continue;
    total += file.bytes;
    if (!isTemporary && path !== newest) candidates.push(file);
  }
  for (const { path, bytes } of candidates.sort((a, b) => a.usedAtMs - b.usedAtMs)) {
    if (total <= limitBytes) break;
    if (await remove(path)) total -= bytes;
  }
  if (failures.length > 0) throw failures[0];
  return removed;
}
