/** Chunks of OpenAI's streams as server-sent events. */
import { errorBody } from '@trivium/protocol';
import { doneFrame, frameOf } from '../event-stream.js';
import type { RouteCall } from '../route.js';

/** Chunks as events, `[DONE]` behind them; a failure is an event of its own. */
export async function* withErrors(
  chunks: AsyncIterable<object>,
  { signal, failure }: Pick<RouteCall, 'signal' | 'failure'>,
): AsyncGenerator<string, void, void> {
  try {
    for await (const chunk of chunks) yield frameOf({ data: JSON.stringify(chunk) });
  } catch (error) {
    // The reason of the signal says more than what it was made into on its way.
    yield frameOf({ data: JSON.stringify(errorBody(failure(signal.aborted ? signal.reason : error))) });
  }
  yield doneFrame;
}
