/** What a path really names, and whether that lies in a folder. Knows nothing of who asks. */
import { readlink, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { TriviumError } from '@trivium/protocol';

/** Links that are followed one after the other, as Linux has it; those in a circle cannot be opened by anybody. */
const mostLinks = 40;

/**
 * The real path of the nearest existing ancestor, with the rest appended: a file may not exist yet. A link that leads nowhere is
 * followed all the same, for what is written through it lies there.
 */
async function real(path: string, links = 0): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    if (parent === path) return path;
    const target = links < mostLinks ? await readlink(path).catch(() => undefined) : undefined;
    if (target !== undefined) return real(resolve(await real(parent, links + 1), target), links + 1);
    return resolve(await real(parent, links), relative(parent, path));
  }
}

/** Characters of a path, as Linux has it in bytes. Where nothing of it is there, each of its parts is asked for. */
const mostCharacters = 4096;

/** @throws TriviumError `outside-root`, `invalid-argument` for what can be no path */
export async function insideRoot(root: string, path: string, field: string): Promise<string> {
  if (path.length > mostCharacters) {
    throw new TriviumError('invalid-argument', `A path is longer than ${mostCharacters} characters.`, {
      field,
      expected: `at most ${mostCharacters} characters`,
      found: `${path.length}`,
      remedy: 'Correct the path.',
    });
  }
  if (path.includes('\0')) {
    throw new TriviumError('invalid-argument', 'A path holds no null character.', {
      field,
      remedy: 'Correct the path.',
    });
  }
  const base = await realpath(root);
  const target = isAbsolute(path) ? path : resolve(base, path);
  const found = await real(target);
  if (found === base || found.startsWith(base.endsWith(sep) ? base : base + sep)) return found;
  throw new TriviumError('outside-root', `${path} is outside the folder this server may read.`, {
    field,
    file: path,
    expected: 'a path inside the root',
    remedy: 'Give a path relative to the root, or start the server with another --root.',
  });
}
