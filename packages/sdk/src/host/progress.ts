/** Turns callbacks into the progress of an async generator, in order, without losing or holding back the result. */

/**
 * Runs `work`, yielding what it reports as it reports it; answers its result. The signal that the work is given aborts with
 * `signal`, and when the generator is left: that settles once the work has, so that nothing goes on behind its back.
 * At most the reports made between two reads are buffered.
 */
export async function* reporting<Progress, Output>(
  signal: AbortSignal,
  work: (report: (progress: Progress) => void, signal: AbortSignal) => Promise<Output>,
): AsyncGenerator<Progress, Output, void> {
  const reports: Progress[] = [];
  let wake: (() => void) | undefined;
  let settled = false;
  const left = new AbortController();
  const report = (progress: Progress) => {
    reports.push(progress);
    wake?.();
  };
  const result = work(report, AbortSignal.any([signal, left.signal])).finally(() => {
    settled = true;
    wake?.();
  });
  // Seen by the `await` below; until then it must not count as unhandled.
  result.catch(() => {});
  try {
    while (!settled || reports.length > 0) {
      const next = reports.shift();
      if (next !== undefined) {
        yield next;
        continue;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (settled || reports.length > 0) resolve();
      });
    }
    return await result;
  } finally {
    if (!settled) left.abort();
    await result.catch(() => {});
  }
}
