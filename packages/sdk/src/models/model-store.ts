/**
 * Models by reference: found, fetched where they are of the hub, loaded once however many callers want them, and kept
 * within the memory they may take. Knows no spec and no prompts.
 */
import { join } from 'node:path';
import { getEngine, type LoadModelOptions, type NativeEngine, type NativeModel } from '@trivium/native';
import { type DownloadProgress, type ModelProgress, TriviumError } from '@trivium/protocol';
import { defaultCacheFolder } from '../base/cache-folder.js';
import type { HubSettings } from './hub/hub-settings.js';
import { ModelHub } from './hub/model-hub.js';
import { manageModel } from './managed-model.js';
import { estimateMemory, type MemoryEstimate } from './memory-estimate.js';
import { PackCache } from './pack-cache.js';
import { ResidentModels, type ResidentModelsSettings } from './resident-models.js';
import { type ModelPurpose, resolveModel } from './resolve-model.js';
import { type JoinOptions, SharedTask } from './shared-task.js';

export interface ModelStoreSettings
  extends Pick<
    LoadModelOptions,
    'activationBits' | 'contextTokens' | 'kvMemoryBytes' | 'kvType' | 'maxSequences' | 'maxQueue' | 'quantize'
  > {
  /**
   * Bytes that all models of this store may take together; the least recently used idle ones go where one more does not fit.
   * Keys and values of a model get those of one context; with `kvMemoryBytes` more, up to half of what is left
   * beyond it when the model is loaded.
   */
  memoryBytes?: number;
  /** A model that nobody has used for so many milliseconds is unloaded; the next use loads it again. */
  idleUnloadMs?: number;
  /** Where `hf:` references lead and lie. */
  hub?: HubSettings;
  /**
   * Keeps packed weights of models of 64 MiB or more: the next start maps them, packs and quantizes nothing, and shares their
   * memory with other processes. `true` takes `packed` in the cache folder (`hub.cacheDir`), a path that folder. It costs as much
   * disk as the weights take, and each load reads and hashes every byte of it; mapped weights lie on small pages, and how fast
   * they decode is not measured yet. Default: `false`, nothing is kept.
   */
  packCache?: string | boolean;
  /** Bytes that these files may take, default 16 GiB: the least recently used ones go. */
  packCacheBytes?: number;
}

export interface PreloadOptions extends JoinOptions<ModelProgress> {
  /** Which of its models `nano` stands for, default `'language'`. */
  purpose?: ModelPurpose;
}

export class ModelStore implements AsyncDisposable {
  readonly #settings: ModelStoreSettings;
  readonly #seams: Partial<Pick<ResidentModelsSettings, 'engine' | 'availableBytes'>>;
  readonly #paths = new Map<string, SharedTask<string, DownloadProgress>>();
  #residents: ResidentModels;
  #hub: ModelHub | undefined;

  constructor(
    settings: ModelStoreSettings = {},
    seams: Partial<Pick<ResidentModelsSettings, 'engine' | 'availableBytes'>> = {},
  ) {
    this.#settings = settings;
    this.#seams = seams;
    this.#residents = this.#makeResidents();
  }

  get engine(): NativeEngine {
    return getEngine();
  }

  /** The hub and its caches. @throws TriviumError `invalid-argument` when its settings are wrong */
  get hub(): ModelHub {
    this.#hub ??= new ModelHub(this.#settings.hub);
    return this.#hub;
  }

  /**
   * The model behind a reference; the first call fetches (`hf:`) and loads it. It may be held for as long as one likes:
   * an operation loads it again where it was unloaded for the sake of others.
   * @throws TriviumError `not-found`, `bad-format`, `unsupported`, `out-of-memory`, and of a download `network`,
   * `forbidden`, `corrupt`, `offline`, `io`; the abort reason
   */
  async get(
    reference: string,
    purpose: ModelPurpose = 'language',
    options: JoinOptions<ModelProgress> = {},
  ): Promise<NativeModel> {
    const path = await this.path(reference, purpose, options);
    const residents = this.#residents;
    const { model, release } = await residents.lease(path, options);
    release();
    let disposed = false;
    return manageModel(model, {
      lease: async (signal) => {
        if (disposed || residents !== this.#residents)
          throw new TriviumError('disposed', `The model ${reference} has been disposed of.`);
        return residents.lease(path, { signal });
      },
      dispose: () => {
        disposed = true;
        return residents.unload(path);
      },
    });
  }

  /**
   * Fetches and loads a model before it is needed.
   * @example await store.preload('hf:org/repo:Q4_K_M', { onProgress: (step) => console.log(step) })
   * @throws TriviumError as {@link get} does; the abort reason
   */
  async preload(reference: string, { purpose, ...options }: PreloadOptions = {}): Promise<void> {
    await this.get(reference, purpose, options);
  }

  /** What a model will take, in bytes; nothing is loaded. @throws TriviumError as {@link get} does */
  async estimate(reference: string, options: PreloadOptions = {}): Promise<MemoryEstimate> {
    const path = await this.path(reference, options.purpose, options);
    return estimateMemory(this.#engine(), path, this.#settings);
  }

  /** Models in memory, the least recently used first. */
  loaded(): { path: string; bytes: number; inUse: boolean }[] {
    return this.#residents.loaded();
  }

  /** Frees every model; calls under way fail with `disposed`. The store can be used again. */
  async [Symbol.asyncDispose](): Promise<void> {
    const residents = this.#residents;
    this.#residents = this.#makeResidents();
    this.#paths.clear();
    await residents.dispose();
  }

  /** The file or folder behind a reference, fetched where it is a model of the hub that is not here. @throws as {@link get} does */
  async path(
    reference: string,
    purpose: ModelPurpose = 'language',
    { signal, onProgress }: JoinOptions<DownloadProgress> = {},
  ): Promise<string> {
    signal?.throwIfAborted();
    const resolved = resolveModel(reference, purpose);
    if (resolved.kind === 'file') return resolved.path;
    let finding = this.#paths.get(reference);
    if (!finding || finding.abandoned) {
      finding = new SharedTask<string, DownloadProgress>((running, report) =>
        this.hub.resolve(reference, { signal: running, onProgress: report }),
      );
      this.#paths.set(reference, finding);
    }
    return finding.join({ signal, ...(onProgress && { onProgress }) });
  }

  #engine(): Pick<NativeEngine, 'inspect' | 'loadModel'> {
    return this.#seams.engine?.() ?? getEngine();
  }

  #makeResidents(): ResidentModels {
    const { memoryBytes, idleUnloadMs, packCache, packCacheBytes, ...settings } = this.#settings;
    const { activationBits, contextTokens, kvMemoryBytes, kvType, maxSequences, maxQueue, quantize } =
      settings;
    const given = { activationBits, contextTokens, kvMemoryBytes, kvType, maxSequences, maxQueue, quantize };
    return new ResidentModels({
      load: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
      memoryBytes,
      idleUnloadMs,
      packCache: new PackCache(
        packCache === true
          ? join(settings.hub?.cacheDir ?? defaultCacheFolder(), 'packed')
          : (packCache ?? false),
        packCacheBytes,
      ),
      engine: () => this.#engine(),
      availableBytes: this.#seams.availableBytes,
    });
  }
}
