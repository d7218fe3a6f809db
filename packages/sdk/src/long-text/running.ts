/** A call under way: await it for the result, or iterate over its text as it is written. */
import { PieceQueue } from './piece-queue.js';

export interface Running<T> extends PromiseLike<T> {
  /** Pieces of text in order; ends with the call and throws what the call throws. For one reader. */
  readonly textStream: AsyncIterable<string>;
}

export function startRunning<T>(work: (emit: (delta: string) => void) => Promise<T>): Running<T> {
  const deltas = new PieceQueue<string>();
  const result = work((delta) => {
    if (delta) deltas.push(delta);
  });
  deltas.endWith(result);
  return {
    // biome-ignore lint/suspicious/noThenProperty: a running call is awaited like a promise.
    then: (fulfilled, rejected) => result.then(fulfilled, rejected),
    textStream: { [Symbol.asyncIterator]: () => deltas.read(result) },
  };
}
