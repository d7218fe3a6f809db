/** Settings that count something. */
import { TriviumError } from '@trivium/protocol/errors';

/** @throws TriviumError `invalid-argument` naming the setting */
export function assertWholeNumber(field: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new TriviumError('invalid-argument', `${field} is a whole number from ${least}, not ${value}.`, {
    field,
    expected: `a whole number from ${least}`,
    found: String(value),
    remedy: 'Correct the value.',
  });
}
