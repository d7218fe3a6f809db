/** What must hold of a cache after anything at all: a file under a final name is the file the hub has. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from './fake-hub.js';

/** Final files by their path below the snapshot, with their checksums. */
export async function finalFiles(modelsFolder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const entries = await readdir(modelsFolder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const match = /snapshots[\\/][0-9a-f]{40}[\\/](.+)$/.exec(path);
    if (match && entry.isFile()) found[match[1]!] = sha256(await readFile(path));
  }
  return found;
}
