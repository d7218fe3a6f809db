/** A call under way: await it for the result, or iterate over its text as it is written. */

export interface Running<T> extends PromiseLike<T> {
  /** Pieces of text in order; ends with the call and throws what the call throws. For one reader. */
  readonly textStream: AsyncIterable<string>;
}

export function startRunning<T>(work: (emit: (delta: string) => void) => Promise<T>): Running<T> {
  const deltas: string[] = [];
  let wake = () => {};
  let settled = false;
  const result = work((delta) => {
    if (delta) deltas.push(delta);
    wake();
  });
  const settle = () => {
    settled = true;
    wake();
  };
  // A caller may read the stream only: the rejection then arrives there.
  result.then(settle, settle);
  async function* read(): AsyncGenerator<string> {
    for (;;) {
      while (deltas.length > 0) yield deltas.shift() as string;
      if (settled) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    await result;
  }
  return {
    // biome-ignore lint/suspicious/noThenProperty: a running call is awaited like a promise.
    then: (fulfilled, rejected) => result.then(fulfilled, rejected),
    textStream: { [Symbol.asyncIterator]: read },
  };
}
