/** Calls that do not heed their signal are left behind, so that nobody waits for them and others get their places. */
import { lastEventsMs } from './event-stream.js';

/**
 * What is answered; once `signal` aborts, that or its reason, whichever comes first within `lastEventsMs`. An answer that
 * comes later is read by nobody.
 */
export async function answerInTime(answer: Promise<Response>, signal: AbortSignal): Promise<Response> {
  let deadline: NodeJS.Timeout | undefined;
  let onAbort = () => {};
  const late = new Promise<never>((_, reject) => {
    onAbort = () => {
      deadline = setTimeout(() => {
        reject(signal.reason);
        answer.then(({ body }) => body?.cancel()).catch(() => {});
      }, lastEventsMs);
    };
  });
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([answer, late]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    clearTimeout(deadline);
  }
}
