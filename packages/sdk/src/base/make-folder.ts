/** Makes folders for all that writes files of its own: caches, jobs, downloads, recordings. */
import * as disk from 'node:fs/promises';
import { dirname } from 'node:path';
import { TriviumError } from '@trivium/protocol/errors';

interface MakeFolderOptions {
  /** Permissions of each folder that is made; default 0o777, less the process's mask. */
  mode?: number;
  files?: Pick<typeof disk, 'mkdir' | 'stat'>;
}

/**
 * A folder and those above it, step by step: `mkdir` of Node, told to be recursive, never returns where the system says that
 * a folder which is there is missing, as it does below /proc.
 * @throws TriviumError `io` where the system takes no folder, and Node's file errors
 */
export async function makeFolder(
  folder: string,
  { mode = 0o777, files = disk }: MakeFolderOptions = {},
): Promise<void> {
  if (await isMade(folder, mode, files)) return;
  const parent = dirname(folder);
  if (parent !== folder) {
    await makeFolder(parent, { mode, files });
    if (await isMade(folder, mode, files)) return;
  }
  throw new TriviumError('io', `No folder can be made in ${parent}.`, { file: folder });
}

/** Whether the folder is there now, made by this or another process; not where one above it is missing. */
async function isMade(
  folder: string,
  mode: number,
  files: NonNullable<MakeFolderOptions['files']>,
): Promise<boolean> {
  try {
    await files.mkdir(folder, mode);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    // What a folder that is there is refused with differs by system; a file in its place is an error on all.
    const found = await files.stat(folder).catch(() => undefined);
    if (found?.isDirectory()) return true;
    throw error;
  }
}
