/** Errors of the addon as `TriviumError`. */
import { TriviumError, type TriviumErrorCode } from '@trivium/protocol/errors';
import type { RawError } from './addon.js';

export function toTriviumError({ code, message, ...details }: RawError): TriviumError {
  return new TriviumError(code as TriviumErrorCode, message, details);
}

/** Runs a call into the addon; what it throws carries its data in `trivium`. */
export function translate(error: unknown): unknown {
  const raw = (error as { trivium?: RawError } | null)?.trivium;
  return raw ? toTriviumError(raw) : error;
}

/** The same for work that ends later: it may throw at once, too. */
export async function translated<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw translate(error);
  }
}

export function translatedSync<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw translate(error);
  }
}
