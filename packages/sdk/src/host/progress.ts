/** Turns callbacks into the progress of an async generator, in order, without losing or holding back the result. */

/**
 * Runs `work`, yielding what it reports as it reports it; answers its result.
 * At most the reports made between two reads are buffered.
 */
export async function* reporting<Progress, Output>(
  work: (report: (progress: Progress) => void) => Promise<Output>,
): AsyncGenerator<Progress, Output, void> {
  const reports: Progress[] = [];
  let wake: (() => void) | undefined;
  let settled = false;
  const result = work((progress) => {
    reports.push(progress);
    wake?.();
  }).finally(() => {
    settled = true;
    wake?.();
  });
  // Seen by the `await` below; until then it must not count as unhandled.
  result.catch(() => {});
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
  return result;
}
