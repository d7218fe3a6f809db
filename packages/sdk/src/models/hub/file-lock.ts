/**
 * A lock between processes, so that two of them do not fetch the same bytes twice. It only saves work: nothing relies on
 * it for correctness, so a lock that is taken over in a race costs a second download and no more.
 */
import { randomUUID } from 'node:crypto';
import { readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { fileOwner, keepTouched, ownerIsGone, staleAfterMs, thisProcess } from '../../base/owner.js';

const pollMs = 100;

const holder = fileOwner.extend({ token: z.string() });

async function readHolder(path: string) {
  try {
    return holder.safeParse(JSON.parse(await readFile(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

/** Its process is gone, or it has not touched the lock for long: another machine's, or one whose number was used again. */
async function isStale(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return false;
  if (Date.now() - found.mtimeMs > staleAfterMs) return true;
  const owner = await readHolder(path);
  return owner !== undefined && ownerIsGone(owner, found.mtimeMs);
}

async function acquire(path: string, token: string, signal: AbortSignal | undefined): Promise<void> {
  const content = JSON.stringify({ ...thisProcess(), token });
  for (;;) {
    signal?.throwIfAborted();
    try {
      await writeFile(path, content, { flag: 'wx' });
      return;
    } catch (error) {
      const { code } = error as { code?: string };
      // A full disk takes the name but not the content, and a lock without an owner would be waited for.
      if (code === 'ENOSPC') await unlink(path).catch(() => {});
      if (code !== 'EEXIST') throw error;
    }
    if (await isStale(path)) {
      // Renamed first, so that of two that saw it only one removes it.
      const aside = `${path}.${randomUUID()}`;
      await rename(path, aside).then(
        () => unlink(aside),
        () => {},
      );
      continue;
    }
    await sleep(pollMs, undefined, signal ? { signal } : {}).catch(() => {});
  }
}

/** Runs `work` while this process holds the lock; waits for others first. @throws the abort reason, Node's file errors */
export async function withLock<T>(
  path: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const token = randomUUID();
  await acquire(path, token, signal);
  const release = keepTouched((now) => utimes(path, now, now));
  try {
    return await work();
  } finally {
    release();
    if ((await readHolder(path))?.token === token) await unlink(path).catch(() => {});
  }
}
