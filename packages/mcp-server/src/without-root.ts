/** What a client is told, without where on the machine the root is. */
import { TriviumError } from '@trivium/protocol';
import { shownFailure } from '@trivium/sdk';

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A client never sees where on the machine files are, and this is how its failures say it; a cancel stays what it is. */
export function withoutRoot(error: unknown, root: string): unknown {
  const failure = TriviumError.from(error);
  return failure.code === 'cancelled' ? error : shownFailure(failure, root);
}
