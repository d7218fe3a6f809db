/**
 * Where models lie on the disk. A repository is a folder `org--repo` with
 *   snapshots/COMMIT/…   the files under their own names: whole and verified, or not there
 *   listings/COMMIT.json what the hub said of that commit: sizes and checksums of all files
 *   refs/REVISION        the commits a branch or tag has led to, newest first
 *   partial/             files on their way, by checksum, so that a revision that moves on keeps what was fetched
 * Knows no network.
 */
import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../base/make-folder.js';
import { type HubFile, type HubListing, hubListing } from './hub-listing-schema.js';
import { type HubReference, revisionOf } from './hub-reference.js';

const commitName = /^[0-9a-f]{40}$/;

const folderName = (repo: string) => repo.replace('/', '--');

/** Every entry of a folder, or none where there is no folder. */
const entries = (folder: string) => readdir(folder).catch(() => [] as string[]);

async function writeWhole(path: string, content: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  await makeFolder(dirname(path));
  try {
    await writeFile(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
}

export class HubCache {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  repoFolder(repo: string): string {
    return join(this.folder, folderName(repo));
  }

  snapshotFolder({ repo, commit }: Pick<HubListing, 'repo' | 'commit'>): string {
    return join(this.repoFolder(repo), 'snapshots', commit);
  }

  partialFolder(repo: string): string {
    return join(this.repoFolder(repo), 'partial');
  }

  filePath(listing: Pick<HubListing, 'repo' | 'commit'>, file: Pick<HubFile, 'path'>): string {
    return join(this.snapshotFolder(listing), ...file.path.split('/'));
  }

  /** Whether the file lies there under its final name, with the size it must have. */
  async holds(listing: HubListing, file: HubFile): Promise<boolean> {
    const found = await stat(this.filePath(listing, file)).catch(() => undefined);
    return found?.isFile() === true && found.size === file.bytes;
  }

  /** Whether anything lies under the file's name, whole or damaged. */
  async present(listing: HubListing, file: HubFile): Promise<boolean> {
    return (await stat(this.filePath(listing, file)).catch(() => undefined))?.isFile() === true;
  }

  async repos(): Promise<string[]> {
    const folders = (await entries(this.folder)).filter((name) => /^[^-].*--/.test(name));
    return folders.map((name) => name.replace('--', '/')).sort();
  }

  /** What the hub said of a commit; nothing where that was never kept or is damaged. */
  async listing(repo: string, commit: string): Promise<HubListing | undefined> {
    try {
      const text = await readFile(join(this.repoFolder(repo), 'listings', `${commit}.json`), 'utf8');
      return hubListing.parse(JSON.parse(text));
    } catch {
      return undefined;
    }
  }

  async listings(repo: string): Promise<HubListing[]> {
    const names = (await entries(join(this.repoFolder(repo), 'listings'))).sort();
    const found = await Promise.all(
      names
        .map((name) => name.replace(/\.json$/, ''))
        .filter((commit) => commitName.test(commit))
        .map((commit) => this.listing(repo, commit)),
    );
    return found.filter((listing) => listing !== undefined);
  }

  keepListing(listing: HubListing): Promise<void> {
    const path = join(this.repoFolder(listing.repo), 'listings', `${listing.commit}.json`);
    return writeWhole(path, JSON.stringify(listing));
  }

  /** Commits that the revision of a reference has led to, newest first. */
  async commits(reference: HubReference): Promise<string[]> {
    const revision = revisionOf(reference);
    if (commitName.test(revision)) return [revision];
    const text = await readFile(this.#ref(reference.repo, revision), 'utf8').catch(() => '');
    return text.split('\n').filter((line) => commitName.test(line));
  }

  async keepCommit(reference: HubReference, commit: string): Promise<void> {
    const revision = revisionOf(reference);
    if (commitName.test(revision)) return;
    const known = await this.commits(reference);
    if (known[0] === commit) return;
    const all = [commit, ...known.filter((other) => other !== commit)];
    await writeWhole(this.#ref(reference.repo, revision), `${all.join('\n')}\n`);
  }

  /** Branches and tags whose newest known commit this is. */
  async namesOf({ repo, commit }: HubListing): Promise<string[]> {
    const names: string[] = [];
    for (const file of (await entries(join(this.repoFolder(repo), 'refs'))).sort()) {
      if (file.endsWith('.tmp')) continue;
      const revision = decodeURIComponent(file);
      if ((await this.commits({ repo, revision }))[0] === commit) names.push(revision);
    }
    return names;
  }

  async removeFile(listing: HubListing, file: HubFile): Promise<void> {
    const path = this.filePath(listing, file);
    await unlink(path);
    // Folders go with their last file.
    for (let folder = dirname(path); folder !== this.repoFolder(listing.repo); folder = dirname(folder))
      if (
        !(await rmdir(folder).then(
          () => true,
          () => false,
        ))
      )
        break;
  }

  /** Forgets a commit: its files, and what the hub said of it. */
  async removeCommit(listing: HubListing): Promise<void> {
    await rm(this.snapshotFolder(listing), { recursive: true, force: true });
    await rm(join(this.repoFolder(listing.repo), 'listings', `${listing.commit}.json`), { force: true });
  }

  async removeRepo(repo: string): Promise<void> {
    await rm(this.repoFolder(repo), { recursive: true, force: true });
  }

  #ref(repo: string, revision: string): string {
    return join(this.repoFolder(repo), 'refs', encodeURIComponent(revision));
  }
}
