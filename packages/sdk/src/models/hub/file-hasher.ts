/** Compares bytes with what the hub says of a file: SHA-256 of large files, git's blob hash of the rest. */
import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { HubFile } from './hub-listing-schema.js';

const blockBytes = 1 << 20;

export class FileHasher {
  readonly #file: HubFile;
  readonly #sha256: Hash = createHash('sha256');
  readonly #git: Hash | undefined;

  constructor(file: HubFile) {
    this.#file = file;
    this.#git = file.gitSha1 === undefined ? undefined : createHash('sha1').update(`blob ${file.bytes}\0`);
  }

  update(bytes: Uint8Array): void {
    this.#sha256.update(bytes);
    this.#git?.update(bytes);
  }

  /** The first `bytes` of an open file. */
  async updateFrom(
    handle: Pick<FileHandle, 'read'>,
    bytes: number,
    signal?: AbortSignal,
    onRead?: (bytes: number) => void,
  ): Promise<void> {
    const block = new Uint8Array(blockBytes);
    for (let at = 0; at < bytes; ) {
      signal?.throwIfAborted();
      const { bytesRead } = await handle.read(block, 0, Math.min(block.length, bytes - at), at);
      // Shorter than it was a moment ago: the hash will not fit, and that is what it should say.
      if (bytesRead === 0) return;
      this.update(block.subarray(0, bytesRead));
      at += bytesRead;
      onRead?.(at);
    }
  }

  /** Ends the hashing. `matches` is true too where nobody told a checksum. */
  digest(): { sha256: string; found: string; expected: string | undefined; matches: boolean } {
    const sha256 = this.#sha256.digest('hex');
    const found = this.#git === undefined ? sha256 : this.#git.digest('hex');
    const expected = this.#file.sha256 ?? this.#file.gitSha1;
    return { sha256, found, expected, matches: expected === undefined || found === expected };
  }
}
