/**
 * Models of the Hugging Face Hub on this machine: found in the caches, pulled, listed, verified, removed. Only `pull`
 * uses the network, and it loads the code that does.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DownloadProgress, TriviumError } from '@trivium/protocol';
import { type ChosenFiles, chooseFiles, chooseHeld, shardsOf } from './choose-files.js';
import { diskFiles, type FileLayer } from './file-layer.js';
import { HubCache } from './hub-cache.js';
import type { HubFile, HubListing } from './hub-listing-schema.js';
import { formatHubReference, type HubReference, parseHubReference } from './hub-reference.js';
import { type HubSettings, type ResolvedHubSettings, resolveHubSettings } from './hub-settings.js';
import { HuggingFaceCache } from './hugging-face-cache.js';
import type { PulledModel, PullOptions } from './pull-model.js';
import { defaultRetry, type RetrySettings } from './retry.js';
import { verifyFile } from './verify-file.js';

/** What tests put in other things for. */
export interface HubSeams {
  files?: FileLayer;
  retry?: RetrySettings;
}

/** A model that is whole on this machine. */
export interface LocatedModel {
  /** The file or folder the engine opens. */
  path: string;
  commit: string;
  files: readonly HubFile[];
}

export interface HeldModel {
  model: string;
  revision: string;
  names: string[];
  bytes: number;
  files: { file: string; bytes: number; sha256?: string }[];
}

export interface VerifyOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

export interface Verification {
  verified: { file: string; bytes: number; sha256: string }[];
  faults: { model: string; file: string; reason: string }[];
}

export interface Removal {
  removed: { model: string; file: string; bytes: number }[];
  freedBytes: number;
}

export class ModelHub {
  readonly settings: ResolvedHubSettings;
  readonly cache: HubCache;
  readonly huggingFace: HuggingFaceCache;
  readonly files: FileLayer;
  readonly retry: RetrySettings;

  constructor(settings: HubSettings = {}, seams: HubSeams = {}) {
    this.settings = resolveHubSettings(settings);
    this.cache = new HubCache(this.settings.modelsFolder);
    this.huggingFace = new HuggingFaceCache(this.settings.huggingFaceFolder);
    this.files = seams.files ?? diskFiles;
    this.retry = seams.retry ?? defaultRetry;
  }

  /**
   * The model where it is whole on this machine, without any look at the network: in our cache first, the newest
   * commit of the revision before older ones, then in the cache of Hugging Face.
   * @throws TriviumError `invalid-argument` where the reference could mean several models
   */
  async locate(reference: string): Promise<LocatedModel | undefined> {
    const parsed = parseHubReference(reference);
    let failure: unknown;
    for (const commit of await this.cache.commits(parsed)) {
      const listing = await this.cache.listing(parsed.repo, commit);
      try {
        const found = listing && (await this.#locateIn(parsed, listing));
        if (found) return found;
      } catch (error) {
        failure ??= error;
      }
    }
    const listing = await this.huggingFace.listing(parsed);
    const found = listing && (await this.#locateIn(parsed, listing).catch(() => undefined));
    if (found) return found;
    // What an older commit could not answer the hub may; a choice it can only repeat.
    if (TriviumError.isInstance(failure) && failure.code === 'invalid-argument') throw failure;
    return undefined;
  }

  /**
   * Downloads what is missing of the newest commit of the revision and verifies it.
   * @example await hub.pull('hf:org/repo:Q4_K_M', { onProgress: ({ file, bytes }) => console.log(file, bytes) })
   * @throws TriviumError `invalid-argument`, `not-found`, `forbidden`, `network`, `corrupt`, `io`, `offline`; the abort reason
   */
  async pull(reference: string, options: PullOptions = {}): Promise<PulledModel> {
    const parsed = parseHubReference(reference);
    if (this.settings.offline) throw await this.#offline(reference, parsed);
    const { pullModel } = await import('./pull-model.js');
    return pullModel(this, parsed, options);
  }

  /** The model's path, from the caches where it is whole there, else pulled. @throws as `pull` does */
  async resolve(reference: string, options: PullOptions = {}): Promise<string> {
    return ((await this.locate(reference)) ?? (await this.pull(reference, options))).path;
  }

  /** What our cache holds. */
  async list(): Promise<HeldModel[]> {
    const held: HeldModel[] = [];
    for (const { listing, files } of await this.#held()) {
      held.push({
        model: formatHubReference({ repo: listing.repo, revision: listing.commit }),
        revision: listing.commit,
        names: await this.cache.namesOf(listing),
        bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
        files: files.map(({ path, bytes, sha256 }) => ({ file: path, bytes, ...(sha256 && { sha256 }) })),
      });
    }
    return held;
  }

  /**
   * Reads what is held again, all of it or what a reference means. Changes nothing.
   * @throws TriviumError `not-found` when nothing of the reference is held
   */
  async verify(
    reference: string | undefined,
    { signal, onProgress }: VerifyOptions = {},
  ): Promise<Verification> {
    const result: Verification = { verified: [], faults: [] };
    for (const { listing, files } of await this.#heldBy(reference)) {
      const model = formatHubReference({ repo: listing.repo, revision: listing.commit });
      for (const file of files) {
        const report = (bytes: number) =>
          onProgress?.({ type: 'download-progress', file: file.path, bytes, totalBytes: file.bytes });
        const { sha256, fault } = await verifyFile(this.cache.filePath(listing, file), file, signal, report);
        if (fault === undefined) result.verified.push({ file: file.path, bytes: file.bytes, sha256 });
        else result.faults.push({ model, file: file.path, reason: fault });
      }
    }
    return result;
  }

  /**
   * Removes from our cache what a reference means: a file, folder or quantization, one revision, or the whole repository.
   * @throws TriviumError `not-found` when nothing of it is held
   */
  async remove(reference: string): Promise<Removal> {
    const parsed = parseHubReference(reference);
    const held = await this.#heldBy(reference);
    const removed = held.flatMap(({ listing, files }) =>
      files.map(({ path, bytes }) => ({
        model: formatHubReference({ repo: listing.repo, revision: listing.commit }),
        file: path,
        bytes,
      })),
    );
    const part = parsed.file !== undefined || parsed.quantization !== undefined;
    if (!part && parsed.revision === undefined) await this.cache.removeRepo(parsed.repo);
    for (const { listing, files } of part || parsed.revision !== undefined ? held : []) {
      if (part) for (const file of files) await this.cache.removeFile(listing, file);
      else await this.cache.removeCommit(listing);
    }
    return { removed, freedBytes: removed.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  /** Files that are chosen, with the shards of an index that `read` can open. */
  async withShards(
    chosen: ChosenFiles,
    listing: HubListing,
    read: (index: HubFile) => string,
  ): Promise<HubFile[]> {
    if (!chosen.index) return [...chosen.files];
    const content = await readFile(read(chosen.index), 'utf8');
    return [...chosen.files, ...shardsOf(chosen.index, content, listing)];
  }

  async #locateIn(reference: HubReference, listing: HubListing): Promise<LocatedModel | undefined> {
    const chosen = chooseFiles(reference, listing);
    for (const place of [this.cache, this.huggingFace]) {
      const holdsAll = async (files: readonly HubFile[]) => {
        for (const file of files) if (!(await place.holds(listing, file))) return false;
        return true;
      };
      if (!(await holdsAll(chosen.files))) continue;
      const files = await this.withShards(chosen, listing, (index) => place.filePath(listing, index));
      if (!(await holdsAll(files))) continue;
      return { path: join(place.snapshotFolder(listing), chosen.entry), commit: listing.commit, files };
    }
    return undefined;
  }

  async #offline(reference: string, { repo }: HubReference): Promise<TriviumError> {
    const held = (await this.list()).filter(({ model }) => model.startsWith(`hf:${repo}@`));
    return new TriviumError(
      'offline',
      `${reference} is not whole on this machine, and nothing is fetched because ${this.settings.offlineBecause}.`,
      {
        file: this.cache.repoFolder(repo),
        field: 'model',
        expected: reference,
        found: held.flatMap(({ files }) => files.map(({ file }) => file)).join(', ') || `nothing of ${repo}`,
        remedy: `Fetch it while the network may be used: trivium pull ${reference}`,
      },
    );
  }

  /** What lies in our cache, commit by commit. */
  async #held(repos?: readonly string[]): Promise<{ listing: HubListing; files: HubFile[] }[]> {
    const held: { listing: HubListing; files: HubFile[] }[] = [];
    for (const repo of repos ?? (await this.cache.repos())) {
      for (const listing of await this.cache.listings(repo)) {
        const files: HubFile[] = [];
        for (const file of listing.files) if (await this.cache.present(listing, file)) files.push(file);
        if (files.length > 0) held.push({ listing, files });
      }
    }
    return held;
  }

  /**
   * What is held of what a reference means, whole or not; commits it says nothing about are left out.
   * @throws TriviumError `not-found` when nothing is, `invalid-argument` for a quantization that could mean several models
   */
  async #heldBy(reference: string | undefined): Promise<{ listing: HubListing; files: HubFile[] }[]> {
    if (reference === undefined) return this.#held();
    const parsed = parseHubReference(reference);
    const commits = parsed.revision === undefined ? undefined : await this.cache.commits(parsed);
    const held = (await this.#held([parsed.repo]))
      .filter(({ listing }) => commits === undefined || commits.includes(listing.commit))
      .map(({ listing, files }) => ({ listing, files: chooseHeld(parsed, files) }))
      .filter(({ files }) => files.length > 0);
    if (held.length > 0) return held;
    throw new TriviumError('not-found', `Nothing of ${reference} is held.`, {
      field: 'model',
      found: reference,
      remedy: 'trivium models list shows what is.',
    });
  }
}
