/**
 * The cache of Hugging Face's own tools (models--org--repo/snapshots/COMMIT/…), read where it lies so that nothing is
 * held twice. Never written. Knows no network.
 */
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { HubFile, HubListing } from './hub-listing-schema.js';
import { type HubReference, revisionOf, staysInside } from './hub-reference.js';

const commitName = /^[0-9a-f]{40}$/;

export class HuggingFaceCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  snapshotFolder({ repo, commit }: Pick<HubListing, 'repo' | 'commit'>): string {
    return join(this.#repoFolder(repo), 'snapshots', commit);
  }

  filePath(listing: Pick<HubListing, 'repo' | 'commit'>, file: Pick<HubFile, 'path'>): string {
    return join(this.snapshotFolder(listing), ...file.path.split('/'));
  }

  /** Whether the file lies there whole: a blob is named by the checksum it was fetched for, and has the right size. */
  async holds(listing: HubListing, file: HubFile): Promise<boolean> {
    const path = this.filePath(listing, file);
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile() || found.size !== file.bytes) return false;
    const blob = basename(await realpath(path));
    const known = /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(blob);
    const checksum = file.sha256 ?? file.gitSha1;
    return !known || checksum === undefined || blob.length !== checksum.length || blob === checksum;
  }

  /** What was fetched of a revision, as a listing without checksums beyond those the names of blobs tell. */
  async listing(reference: HubReference): Promise<HubListing | undefined> {
    const { repo } = reference;
    const revision = revisionOf(reference);
    const commit = commitName.test(revision)
      ? revision
      : await readFile(join(this.#repoFolder(repo), 'refs', ...revision.split('/')), 'utf8').then(
          (text) => text.trim(),
          () => '',
        );
    if (!commitName.test(commit)) return undefined;
    const folder = this.snapshotFolder({ repo, commit });
    const entries = await readdir(folder, { recursive: true }).catch(() => [] as string[]);
    const files: HubFile[] = [];
    for (const entry of entries.sort()) {
      const path = entry.replaceAll('\\', '/');
      const found = await stat(join(folder, entry)).catch(() => undefined);
      if (!found?.isFile() || !staysInside(path)) continue;
      const blob = basename(await realpath(join(folder, entry)));
      files.push({
        path,
        bytes: found.size,
        ...(/^[0-9a-f]{64}$/.test(blob) && { sha256: blob }),
        ...(/^[0-9a-f]{40}$/.test(blob) && { gitSha1: blob }),
      });
    }
    return files.length > 0 ? { repo, commit, files } : undefined;
  }

  #repoFolder(repo: string): string {
    return join(this.#folder, `models--${repo.replace('/', '--')}`);
  }
}
