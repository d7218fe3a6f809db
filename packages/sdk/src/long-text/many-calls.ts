/** What whoever waits for a model is told before it reads a source that it cannot hold at once. */

/** Calls that are so many that they are told of before the first. */
const manyCalls = 50;
/** Tokens that a word of a note takes, about. */
export const noteTokensPerWord = 2;

/**
 * @param chunks of the source, each of what the model can read at once
 * @param calls that take notes on them, and on the notes
 */
export function warningOfManyCalls(chunks: number, calls: number): string | undefined {
  if (calls < manyCalls) return undefined;
  return `The source is ${chunks} times what the model can read at once: about ${calls} of its calls take notes before anything is written. A longer context or fewer documents need fewer.`;
}
