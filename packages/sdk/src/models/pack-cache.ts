/**
 * Where the engine keeps packed weights between starts, and within how many bytes. The engine names, writes and maps the files;
 * here the least recently used ones leave. Refuses to know what is in a file.
 */
import { pruneFolder } from '../base/prune-folder.js';

/** Names of packed weights, as the engine gives them. The first group is what a temporary name has more. */
export const packFiles = /^[0-9a-f]{16}\.pack(\.tmp-\d+-\d+)?$/;

/** 16 GiB: four models of 7 billion weights in four bits, or some thirty of a billion. */
export const defaultPackCacheBytes = 2 ** 34;

export class PackCache {
  readonly #folder: string | false;
  readonly #limitBytes: number;

  constructor(folder: string | false, limitBytes = defaultPackCacheBytes) {
    this.#folder = folder;
    this.#limitBytes = limitBytes;
  }

  /** What `loadModel` is told of a model of so many bytes: one that exceeds the limit by itself is not kept. */
  folderFor(weightBytes: number): string | false {
    return weightBytes <= this.#limitBytes && this.#folder;
  }

  /** Makes room for what the engine is about to write. What cannot be removed stays: a cache is no reason to fail. */
  async makeRoom(weightBytes: number): Promise<void> {
    const folder = this.folderFor(weightBytes);
    if (folder !== false)
      await pruneFolder(folder, packFiles, this.#limitBytes - weightBytes).catch(() => {});
  }
}
