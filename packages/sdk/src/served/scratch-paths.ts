/**
 * Where servers keep what callers put into their scratch folders: below the root, so that whatever takes a path takes them too,
 * each named by who knows its id and found by nobody. Knows names alone, and whether a file has one that looks like a glob.
 */
import { lstat } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { TriviumError } from '@trivium/protocol';

/** What servers keep below the root; hidden, so that reading the root does not read it. */
export const ownFolderName = '.trivium';
export const scratchParts = [ownFolderName, 'scratch'] as const;

/** Of a server's own folder, and of a caller's folder in it: too long to be guessed. */
export const serverIdPattern = /^[0-9a-f]{16}$/;
export const scratchIdPattern = /^[0-9a-f]{32}$/;

/**
 * @param path absolute, below `root`, with its links followed as far as it is there; perhaps a glob
 * @throws TriviumError `outside-root` for what is the servers' own, where it names no scratch folder or may leave the one it names
 */
export async function assertNamed(path: string, root: string, field: string): Promise<void> {
  const segments = relative(root, path).split(sep);
  if (!(await mayBeOwn(path, segments))) return;
  if (namesScratchFolder(segments) && !climbs.test(path)) return;
  throw new TriviumError('outside-root', `${path} is no scratch folder that is known.`, {
    field,
    file: path,
    expected: `a path outside of ${ownFolderName}, or of a scratch folder`,
    remedy: 'Make a folder with POST /v1/scratch, and name it by the path that was answered.',
  });
}

/** Whether plain data names what lies in scratch folders, be it in a path or in words. */
export const namesScratch = (data: unknown): boolean =>
  /\.trivium[\\/]+scratch/i.test(JSON.stringify(data) ?? '');

function namesScratchFolder([own, scratch, server = '', id = '']: readonly string[]): boolean {
  return (
    own === scratchParts[0] &&
    scratch === scratchParts[1] &&
    serverIdPattern.test(server) &&
    scratchIdPattern.test(id)
  );
}

/** Whether a path lies in the servers' own folder, or is a glob that may reach into it. */
async function mayBeOwn(path: string, segments: readonly string[]): Promise<boolean> {
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

/** What means more than itself in a glob. */
const special = /[*?[\]{}()!+@|,\\^]/;

/** Whether a segment of a glob may match the name of the server's own folder. */
function mayMatchOwn(segment: string): boolean {
  const name = segment.toLowerCase();
  // Sure of it is how it begins and ends. Braces may hold slashes, so that it may be half of one.
  const parts = name.split(special);
  if (parts.length === 1) return name === ownFolderName;
  if (isVisible.test(name) || !/[.*?[!]/.test(name)) return false;
  return ownFolderName.startsWith(parts[0]!) && ownFolderName.endsWith(parts.at(-1)!);
}
