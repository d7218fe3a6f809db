/**
 * The input of a call with its paths inside the root, and out of what servers keep there: a scratch folder is named by who
 * knows its id, and found by nobody. Opens nothing.
 */
import { lstat } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { type AnyCapability, TriviumError } from '@trivium/protocol';
import { confine, mayUseHub } from '../host/index.js';
import { ownFolderName } from './scratch/scratch-folders.js';
import type { ServerContext } from './server-context.js';

/** @throws TriviumError as `confine` does, and `outside-root` for what is the server's own */
export async function confinedInput(
  capability: AnyCapability,
  input: Record<string, unknown>,
  { root, permissions, scratch }: Pick<ServerContext, 'root' | 'permissions' | 'scratch'>,
): Promise<Record<string, unknown>> {
  const confined = await confine(capability, input, { root, hub: mayUseHub(permissions) });
  for (const { path, field } of pathsIn(confined, root)) {
    if (!(await mayBeOwn(path, root))) continue;
    if (!climbs.test(path) && (await scratch?.holds(path))) continue;
    throw new TriviumError('outside-root', `${path} is no scratch folder that is known.`, {
      field,
      file: path,
      expected: `a path outside of ${ownFolderName}, or of a scratch folder that was made`,
      remedy: 'Make a folder with POST /v1/scratch, and name it by the path that was answered.',
    });
  }
  return confined;
}

/** Strings that are paths below the root: `confine` has made all of them absolute. */
function* pathsIn(value: unknown, root: string, field = ''): Generator<{ path: string; field: string }> {
  if (typeof value === 'string') {
    if (value.startsWith(root.endsWith(sep) ? root : root + sep)) yield { path: value, field };
  } else if (Array.isArray(value)) {
    for (const item of value) yield* pathsIn(item, root, field);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      // The name of a field may be a path too.
      yield* pathsIn(key, root, field);
      yield* pathsIn(item, root, field ? `${field}.${key}` : key);
    }
  }
}

/** Whether a path lies in the server's own folder, or is a glob that may reach into it. */
async function mayBeOwn(path: string, root: string): Promise<boolean> {
  const segments = relative(root, path).split(sep);
  if (segments[0]!.toLowerCase() === ownFolderName) return true;
  // What stands before the first is real already.
  const from = segments.findIndex((segment) => /[*?[{(]/.test(segment));
  if (from < 0 || !segments.slice(from, -1).some(mayMatchOwn)) return false;
  // What is there is no glob, whatever its name looks like.
  return lstat(path).then(
    () => false,
    () => true,
  );
}

/** A glob that leaves by one of its alternatives where it seems to be. */
const climbs = /[{(,|]\.\.|\.\.[,|)}]/;

/** Begins as no hidden name does: a glob matches those only where it says a dot. */
const isVisible = /^(?:[*?]|\[(?:\w(?:-\w)?)+\])[^{}(),|]*$/;

/** What is sure of a segment: how it begins and ends. Braces may hold slashes, so that it may be half of one. */
const [plainBeginning, plainEnd] = [/^[^*?[\]{}()!+@|,\\^]*/, /[^*?[\]{}()!+@|,\\^]*$/];

/** Whether a segment of a glob may match the name of the server's own folder. */
function mayMatchOwn(segment: string): boolean {
  const name = segment.toLowerCase();
  const [beginning] = plainBeginning.exec(name)!;
  if (beginning === name) return name === ownFolderName;
  if (isVisible.test(name) || !/[.*?[!]/.test(name)) return false;
  return ownFolderName.startsWith(beginning) && ownFolderName.endsWith(plainEnd.exec(name)![0]);
}
