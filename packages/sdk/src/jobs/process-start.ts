/** When a process began, in a form that only compares; tells two processes apart that had the same number. */
import { readFileSync } from 'node:fs';

/** `undefined` where the system does not tell. */
export function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name before it may hold blanks and brackets; the start is the 22nd field, the 20th behind the last bracket.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
