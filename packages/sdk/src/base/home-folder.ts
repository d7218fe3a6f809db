/** Where this user keeps things. A container may run under a number that no list of users knows, and without `HOME`. */
import { lstatSync, mkdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { TriviumError } from '@trivium/protocol/errors';

/** `undefined` where the system knows none. */
export function homeFolder(): string | undefined {
  try {
    return homedir() || undefined;
  } catch {
    return undefined;
  }
}

/**
 * The cache of a user without a home: a temporary folder of this user alone. Where none can be made whoever writes is told.
 * @throws TriviumError `io` where somebody else has that name
 */
export function temporaryCacheFolder(): string {
  const user = process.getuid?.() ?? 0;
  const folder = join(tmpdir(), `trivium-${user}`);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch {}
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (!found || (found.isDirectory() && found.uid === user)) return folder;
  throw new TriviumError('io', `This user has no home folder, and ${folder} is not this user's own.`, {
    file: folder,
    field: 'TRIVIUM_CACHE_DIR',
    remedy: 'Set TRIVIUM_CACHE_DIR to a folder of this user.',
  });
}
