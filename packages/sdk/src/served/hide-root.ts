/** Where on the machine things are, taken out of texts that a client sees. Knows words, opens no files. */
import { basename, isAbsolute, parse, relative, sep } from 'node:path';
import { TriviumError } from '@trivium/protocol';

const inName = '\\p{L}\\p{M}\\p{N}_-';

/**
 * The text with paths from the root on, and `.` for the root itself. Folders that begin or end like it keep their names.
 * @param root absolute, without a separator at its end
 * @example hideRoot('/a/docs holds /a/docs/tea.md, not /a/docs2', '/a/docs'); // . holds tea.md, not /a/docs2
 */
export function hideRoot(text: string, root: string): string {
  // The root of all files is no secret.
  if (parse(root).root === root) return text;
  const quoted = root.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  const found = new RegExp(`(?<![.${inName}])${quoted}(?:(\\${sep})|(?!\\.?[${inName}]))`, 'gu');
  return text.replace(found, (_root, separator?: string) => (separator ? '' : '.'));
}

/** Whether a path that was taken from the root on leads out of it. */
export const leadsOut = (path: string) => /^\.\.([\\/]|$)/.test(path) || isAbsolute(path);

/** The text in which a file outside the root (a model in the cache) keeps its name only; others stay as they are. */
export function hideOutside(text: string, file: string, root: string): string {
  if (!isAbsolute(file) || !leadsOut(relative(root, file))) return text;
  return text.replaceAll(file, () => basename(file) || file);
}

/** Plain data, each text in it as `hideRoot` and, where it tells of a file (`file`), `hideOutside` tell it. */
export function hidePlaces<T>(value: T, root: string, file = ''): T {
  if (typeof value === 'string') return hideRoot(hideOutside(value, file, root), root) as T;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => hidePlaces(item, root, file)) as T;
  const own = (value as { file?: unknown }).file;
  const named = typeof own === 'string' ? own : file;
  const told = Object.entries(value).map(([key, item]) => [key, hidePlaces(item, root, named)]);
  return Object.fromEntries(told) as T;
}

/** An error as a client sees it, without where on the machine files are. */
export function shownFailure(failure: TriviumError, root: string, cause: unknown = failure): TriviumError {
  const { code, message, ...details } = hidePlaces(withoutTarget(failure), root);
  return new TriviumError(code, message, { ...details, cause });
}

/** Of a rename that failed the sentence alone tells the second path. */
function withoutTarget(failure: TriviumError) {
  const { dest } = Object(failure.cause) as { dest?: unknown };
  const told = failure.toJSON();
  return { ...told, message: told.message.replace(` -> '${dest}'`, '') };
}
