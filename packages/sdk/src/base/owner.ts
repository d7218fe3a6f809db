/**
 * Files that a running process answers for: locks, logs, streams, folders. It touches them while it lives, so that another one
 * can tell that it is gone: on the same machine by its number, elsewhere by the time of the file, for a container that is
 * replaced has another name each time. Refuses to know what the files hold.
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';

const touchEveryMs = 5_000;

/** What its owner has not touched for so many milliseconds has lost it. */
export const staleAfterMs = 30_000;

/** A process as its files name it; `start` tells two apart that had the same number, where the system knows it. */
export const fileOwner = z.object({
  host: z.string(),
  pid: z.number().int(),
  start: z.string().optional(),
});
export type FileOwner = z.output<typeof fileOwner>;

export const thisProcess = (): FileOwner => ({
  host: hostname(),
  pid: process.pid,
  start: processStart(process.pid),
});

/** Whether a process of this machine runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is alive too.
    return (error as { code?: string }).code === 'EPERM';
  }
}

/**
 * Whether the owner of a file has ended.
 * @param touchedMs when the file was last touched, in milliseconds since 1970
 * @param quietMs how long another machine's may be silent: longer where more is lost than a word, for it may only sleep
 */
export function ownerIsGone(
  { host, pid, start }: FileOwner,
  touchedMs: number,
  quietMs = staleAfterMs,
): boolean {
  if (host !== hostname()) return Date.now() - touchedMs > quietMs;
  return !isAlive(pid) || (start !== undefined && processStart(pid) !== start);
}

/** Touches a file every few seconds, which keeps no process running; what it answers ends that. */
export function keepTouched(touch: (now: Date) => Promise<void>): () => void {
  const timer = setInterval(() => touch(new Date()).catch(() => {}), touchEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** When a process began, in a form that only compares; `undefined` where the system does not tell. */
function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name before it may hold blanks and brackets; the start is the 22nd field, the 20th behind the last bracket.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
