/** Brings a model from the hub into our cache: asks what there is, fetches what is missing, keeps what the hub said. */
import { link, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type DownloadProgress, TriviumError } from '@trivium/protocol';
import { makeFolder } from '../../base/make-folder.js';
import { chooseFiles } from './choose-files.js';
import { checksumOf, diskFull, downloadFile } from './download-file.js';
import { withLock } from './file-lock.js';
import { HubConnection } from './hub-connection.js';
import { fetchListing } from './hub-listing.js';
import type { HubFile, HubListing } from './hub-listing-schema.js';
import { formatHubReference, type HubReference, revisionOf } from './hub-reference.js';
import type { ModelHub } from './model-hub.js';
import { verifyFile } from './verify-file.js';

export interface PullOptions {
  signal?: AbortSignal | undefined;
  /** At the begin and end of each file, and at most ten times a second between. */
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

export interface PulledModel {
  model: string;
  revision: string;
  path: string;
  downloadedBytes: number;
  files: { file: string; bytes: number; sha256: string }[];
}

const progressIntervalMs = 100;

/** @throws TriviumError, the abort reason */
export async function pullModel(
  hub: ModelHub,
  reference: HubReference,
  { signal, onProgress }: PullOptions,
): Promise<PulledModel> {
  const connection = new HubConnection(hub.settings.endpoint, hub.settings.authorization());
  const { repo } = reference;
  const listing = await fetchListing(connection, repo, revisionOf(reference), { retry: hub.retry, signal });
  const chosen = chooseFiles(reference, listing);
  const pull = new Pull(hub, listing, connection, signal, onProgress);
  await hub.cache.keepListing(listing).catch(asFileError);
  const elsewhere = await pull.inHuggingFaceCache(chosen.files);
  const read = (index: HubFile) => (elsewhere ? hub.huggingFace : hub.cache).filePath(listing, index);
  if (!elsewhere) for (const file of chosen.index ? [chosen.index] : []) await pull.fetch(file);
  const files = await hub.withShards(chosen, listing, read);
  const place = elsewhere && (await pull.inHuggingFaceCache(files)) ? hub.huggingFace : hub.cache;
  if (place === hub.cache) await pull.checkSpace(files);
  const pulled: PulledModel['files'] = [];
  for (const file of files) {
    const path = place.filePath(listing, file);
    const sha256 =
      place === hub.cache ? await pull.fetch(file) : (file.sha256 ?? (await verifyFile(path, file)).sha256);
    pulled.push({ file: file.path, bytes: file.bytes, sha256 });
  }
  await hub.cache.keepCommit(reference, listing.commit).catch(asFileError);
  return {
    model: formatHubReference(reference),
    revision: listing.commit,
    path: join(place.snapshotFolder(listing), chosen.entry),
    downloadedBytes: pull.downloadedBytes,
    files: pulled,
  };
}

function asFileError(error: unknown): never {
  throw TriviumError.from(error);
}

class Pull {
  downloadedBytes = 0;
  readonly #hub: ModelHub;
  readonly #listing: HubListing;
  readonly #connection: HubConnection;
  readonly #signal: AbortSignal | undefined;
  readonly #onProgress: PullOptions['onProgress'];
  #reported = { file: '', atMs: 0 };

  constructor(
    hub: ModelHub,
    listing: HubListing,
    connection: HubConnection,
    signal: AbortSignal | undefined,
    onProgress: PullOptions['onProgress'],
  ) {
    this.#hub = hub;
    this.#listing = listing;
    this.#connection = connection;
    this.#signal = signal;
    this.#onProgress = onProgress;
  }

  /** Whether the user's Hugging Face cache holds all of them, sound. What it holds is read in full: we did not write it. */
  async inHuggingFaceCache(files: readonly HubFile[]): Promise<boolean> {
    const { huggingFace } = this.#hub;
    for (const file of files) {
      if (!(await huggingFace.holds(this.#listing, file))) return false;
      const path = huggingFace.filePath(this.#listing, file);
      const { fault } = await verifyFile(path, file, this.#signal, (bytes) => this.#report(file, bytes));
      if (fault !== undefined) return false;
    }
    return true;
  }

  /** @throws TriviumError `io` when the disk cannot hold what is missing */
  async checkSpace(files: readonly HubFile[]): Promise<void> {
    const { cache, files: layer } = this.#hub;
    let missingBytes = 0;
    for (const file of files) if (!(await cache.holds(this.#listing, file))) missingBytes += file.bytes;
    const folder = cache.repoFolder(this.#listing.repo);
    const space = await layer.statfs(folder).catch(() => undefined);
    // Partial files and links need less than this says; a disk that is nearly full is asked, not guessed about.
    const freeBytes = space && space.bavail * space.bsize + (await this.#partialBytes());
    if (freeBytes !== undefined && freeBytes < missingBytes) throw diskFull(folder, missingBytes, freeBytes);
  }

  /** The file under its final name. @returns its SHA-256 */
  async fetch(file: HubFile): Promise<string> {
    const { cache } = this.#hub;
    const partialFolder = cache.partialFolder(this.#listing.repo);
    await makeFolder(partialFolder, { files: this.#hub.files }).catch(asFileError);
    const known = await this.#held(file);
    if (known !== undefined) return known;
    const lock = join(partialFolder, `${checksumOf(file)}.lock`);
    return withLock(lock, this.#signal, async () => {
      // Another process may have brought it while this one waited.
      const brought = (await this.#held(file)) ?? (await this.#fromOtherCommit(file));
      if (brought !== undefined) return brought;
      const { sha256, downloadedBytes } = await downloadFile({
        repo: this.#listing.repo,
        commit: this.#listing.commit,
        file,
        target: cache.filePath(this.#listing, file),
        partialFolder,
        connection: this.#connection,
        files: this.#hub.files,
        retry: this.#hub.retry,
        signal: this.#signal,
        onBytes: (bytes) => this.#report(file, bytes),
      });
      this.downloadedBytes += downloadedBytes;
      return sha256;
    }).catch((error: unknown) => {
      this.#signal?.throwIfAborted();
      throw TriviumError.from(error);
    });
  }

  /** The SHA-256 of a file that already lies there. */
  async #held(file: HubFile): Promise<string | undefined> {
    if (!(await this.#hub.cache.holds(this.#listing, file))) return undefined;
    this.#report(file, file.bytes);
    if (file.sha256 !== undefined) return file.sha256;
    // Small, for large files have their SHA-256 from the hub; so it is read again for its sake, and checked by the way.
    const { sha256, fault } = await verifyFile(
      this.#hub.cache.filePath(this.#listing, file),
      file,
      this.#signal,
    );
    return fault === undefined ? sha256 : undefined;
  }

  /** A revision that moved on shares most files with the last one: those are linked, not fetched again. */
  async #fromOtherCommit(file: HubFile): Promise<string | undefined> {
    const { cache } = this.#hub;
    const target = cache.filePath(this.#listing, file);
    for (const other of await cache.listings(this.#listing.repo)) {
      const same = other.files.find((candidate) => checksumOf(candidate) === checksumOf(file));
      if (other.commit === this.#listing.commit || !same || !(await cache.holds(other, same))) continue;
      const source = cache.filePath(other, same);
      const { sha256, fault } = await verifyFile(source, file, this.#signal);
      if (fault !== undefined) continue;
      await makeFolder(dirname(target));
      await unlink(target).catch(() => {});
      const linked = await link(source, target).then(
        () => true,
        () => false,
      );
      // A file system without links, or another device: fetching is the plain way.
      if (!linked) continue;
      this.#report(file, file.bytes);
      return sha256;
    }
    return undefined;
  }

  async #partialBytes(): Promise<number> {
    const { cache, files } = this.#hub;
    const folder = cache.partialFolder(this.#listing.repo);
    const names = await files.readdir(folder).catch(() => []);
    const sizes = names.map((name) =>
      files.stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  #report(file: HubFile, bytes: number): void {
    const now = Date.now();
    const recent = this.#reported.file === file.path && now - this.#reported.atMs < progressIntervalMs;
    if (recent && bytes < file.bytes) return;
    this.#reported = { file: file.path, atMs: now };
    this.#onProgress?.({ type: 'download-progress', file: file.path, bytes, totalBytes: file.bytes });
  }
}
