/** Reads a file again and says whether it is what the hub named. */
import { open } from 'node:fs/promises';
import { FileHasher } from './file-hasher.js';
import type { HubFile } from './hub-listing-schema.js';

export interface Verdict {
  sha256: string;
  /** What is wrong with it; absent where it is sound. */
  fault?: string;
}

/** @throws Node's file errors, the abort reason */
export async function verifyFile(
  path: string,
  file: HubFile,
  signal?: AbortSignal,
  onRead?: (bytes: number) => void,
): Promise<Verdict> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const hasher = new FileHasher(file);
    await hasher.updateFrom(handle, size, signal, onRead);
    const { sha256, found, expected, matches } = hasher.digest();
    if (size !== file.bytes) return { sha256, fault: `${size} bytes instead of ${file.bytes}` };
    return matches ? { sha256 } : { sha256, fault: `its checksum is ${found} instead of ${expected}` };
  } finally {
    await handle.close();
  }
}
