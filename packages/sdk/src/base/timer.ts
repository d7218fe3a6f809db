/** Timers of any length: Node's own end after a millisecond where they are longer than these 24.8 days. */
export const longestTimerMs = 2 ** 31 - 1;

/** What is to happen later than a timer can tell does not happen: no process waits for it. */
export function runAfter(ms: number, run: () => void): NodeJS.Timeout | undefined {
  return ms > longestTimerMs ? undefined : setTimeout(run, ms);
}
