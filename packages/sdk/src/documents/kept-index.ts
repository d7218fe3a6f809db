/**
 * What a library knows of files before it reads them again: as its last reading found them, and as an index on disk has them,
 * be it of an earlier run. Decides which index is meant, and when it is written. Refuses to know: how files are read, how an
 * index lies on disk.
 */
import { dirname } from 'node:path';
import { TriviumError } from '@trivium/protocol/errors';
import { defaultCacheFolder } from '../base/cache-folder.js';
import { markUsed, pruneFolder } from '../base/prune-folder.js';
import {
  cacheFile,
  defaultCacheBytes,
  indexFiles,
  isIndexBeside,
  loadIndex,
  saveIndex,
} from './index-cache.js';
import { isUnreadable, type KnownFile } from './indexed-document.js';
import type { DocumentEmbedder, LibraryOptions } from './types.js';

/** What is known for one reading, which may yet be given up: until `keep` nothing changes. */
export interface OpenedIndex {
  /** By absolute path: documents with the vectors now wanted, and what is none. */
  readonly known: ReadonlyMap<string, KnownFile>;
  /** Whether a file, by its absolute path, is an index in the folder that indexes are kept in: no document. */
  isIndex(path: string): boolean;
  /**
   * Takes what the reading found, and writes it down where an index is kept and does not hold just that.
   * @param isLook that of a watch: it leaves no trace where nothing is new, for it would hear that
   * @returns what is to be said of writing it, which is no reason to fail
   */
  keep(files: readonly KnownFile[], isLook: boolean): Promise<string[]>;
}

export class KeptIndex {
  readonly #options: Pick<LibraryOptions, 'cacheDir' | 'cacheBytes'>;
  /** What the last reading found, with what is no document. The search may hold the same under older times. */
  #files: readonly KnownFile[] = [];
  /** Where the index of the last reading belongs on disk, and whether it holds just these files. */
  #path: string | undefined;
  #isKept = false;

  constructor(options: Pick<LibraryOptions, 'cacheDir' | 'cacheBytes'>) {
    this.#options = options;
  }

  /**
   * For a reading of these paths.
   * @param roots what they come to, absolute
   * @throws TriviumError `io` as `defaultCacheFolder`
   */
  async open(
    paths: readonly string[],
    roots: readonly string[],
    embedder: DocumentEmbedder | undefined,
  ): Promise<OpenedIndex> {
    const path = this.#pathFor(paths, roots, embedder);
    const kept = await this.#onDisk(path);
    const fits = (file: KnownFile) =>
      isUnreadable(file) || file.chunks.length === 0 || file.vectors?.width === embedder?.width;
    // What is on disk goes first.
    const fitting = [...this.#files, ...kept].filter(fits);
    return {
      known: new Map(fitting.map((file) => [file.absolutePath, file])),
      isIndex: (file) => path !== undefined && isIndexBeside(path, file),
      keep: async (files, isLook) => {
        this.#files = files;
        this.#path = path;
        this.#isKept = false;
        if (path === undefined) return [];
        const warnings: string[] = [];
        const isThere = holdsSame(kept, files) && (isLook || (await markUsed(path)));
        this.#isKept = isThere || (await this.#save(path, warnings));
        return warnings;
      },
    };
  }

  #pathFor(
    paths: readonly string[],
    roots: readonly string[],
    embedder: DocumentEmbedder | undefined,
  ): string | undefined {
    const { cacheDir = defaultCacheFolder() } = this.#options;
    if (cacheDir === false || paths.includes('-')) return undefined;
    return cacheFile(cacheDir, [[...roots].sort(), [...new Set(paths)].sort(), embedder?.id ?? '']);
  }

  /** What the index on disk holds: as this library left it, or an earlier run. */
  async #onDisk(path: string | undefined): Promise<readonly KnownFile[]> {
    if (path === undefined) return [];
    if (path !== this.#path) return loadIndex(path);
    return this.#isKept ? this.#files : [];
  }

  /** Whether it is written now. */
  async #save(path: string, warnings: string[]): Promise<boolean> {
    try {
      await saveIndex(path, this.#files);
    } catch (error) {
      const { message } = TriviumError.from(error);
      warnings.push(
        `The index was not kept for the next run (${message}); reading and searching work all the same.`,
      );
      return false;
    }
    try {
      await pruneFolder(dirname(path), indexFiles, this.#options.cacheBytes ?? defaultCacheBytes, path);
    } catch (error) {
      const { message } = TriviumError.from(error);
      warnings.push(`Indexes of earlier runs could not be removed (${message}): the cache may be too large.`);
    }
    return true;
  }
}

/** Whether the very same files are in both, in any order. */
function holdsSame(kept: readonly KnownFile[], files: readonly KnownFile[]): boolean {
  const held = new Set(kept);
  return held.size === files.length && files.every((file) => held.has(file));
}
