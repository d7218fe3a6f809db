/** What a client is told, without where on the machine the root is. */
import { TriviumError } from '@trivium/protocol';
import { hideOutside, hideRoot } from '@trivium/sdk';

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Plain data, each text in it without the root; where it tells of a file elsewhere (`file`), by its name only. */
export function allWithoutRoot<T>(value: T, root: string, file = ''): T {
  const told = (item: unknown, named = file) => allWithoutRoot(item, root, named);
  if (typeof value === 'string') return hideRoot(hideOutside(value, file, root), root) as T;
  if (Array.isArray(value)) return value.map((item) => told(item)) as T;
  if (!isObject(value)) return value;
  const named = typeof value.file === 'string' ? value.file : file;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, told(item, named)])) as T;
}

/** A client never sees where on the machine files are, and this is how its failures say it; a cancel stays what it is. */
export function withoutRoot(error: unknown, root: string): unknown {
  const failure = TriviumError.from(error);
  if (failure.code === 'cancelled') return error;
  const { code, message, ...details } = allWithoutRoot(failure.toJSON(), root);
  return new TriviumError(code, message, details);
}
