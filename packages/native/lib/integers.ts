/** Integers on their way into the addon. It casts what it is given: a number that its type lacks would be another one there. */
import { TriviumError } from '@trivium/protocol/errors';

const mostInt32 = 2 ** 31 - 1;

/** @throws TriviumError `invalid-argument` for what is no integer from `least` to `most` */
export function integer(value: number, field: string, least: number, most = mostInt32): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const expected = `an integer from ${least} to ${most}`;
  throw new TriviumError('invalid-argument', `${field} must be ${expected}.`, {
    field,
    expected,
    found: String(value),
  });
}

/**
 * Token ids as the addon reads them; which of them a vocabulary has the engine says.
 * @throws TriviumError `invalid-argument` for what is no id of any vocabulary
 */
export function tokenIds(ids: ArrayLike<number>, field = 'tokens'): Int32Array {
  return ids instanceof Int32Array ? ids : Int32Array.from(ids, (id) => integer(id, field, 0));
}
