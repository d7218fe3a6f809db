/**
 * What implementations run on: models by reference and documents by paths, each loaded or read once and kept. A process
 * has one host; every surface (functions, command line, MCP) calls capabilities through it.
 */
import { join } from 'node:path';
import { type CapabilityContext, TriviumError } from '@trivium/protocol';
import { createLibrary, type Library } from '../documents/index.js';
import { defaultCacheFolder } from '../documents/index-cache.js';
import { JobStore } from '../jobs/index.js';
import { ModelStore, type ModelStoreSettings } from '../models/model-store.js';

export interface HostSettings extends ModelStoreSettings {
  /** Where indexes, downloaded models and the state of jobs are kept between runs; default: the user's cache folder. */
  cacheDir?: string;
  /** The model that talks where a call names none; default: `TRIVIUM_MODEL`. */
  languageModel?: string;
  /** Documents outside this folder (absolute, real) are skipped, whatever links lead there; see `LibraryOptions.within`. */
  documentsWithin?: string;
  /** Of all jobs of this user only those of this scope are seen and started; see `JobStoreSettings`. */
  jobScope?: string;
}

export interface TriviumContext extends CapabilityContext {
  readonly host: Host;
}

export class Host implements AsyncDisposable {
  readonly models: ModelStore;
  /** Work that outlives the call that started it. */
  readonly jobs: JobStore;
  readonly #libraries = new Map<string, Promise<Library>>();
  readonly #settings: HostSettings;

  constructor(settings: HostSettings = {}) {
    this.#settings = settings;
    const { cacheDir, jobScope } = settings;
    this.models = new ModelStore(
      cacheDir === undefined ? settings : { ...settings, hub: { cacheDir, ...settings.hub } },
    );
    this.jobs = new JobStore({ folder: join(cacheDir ?? defaultCacheFolder(), 'jobs'), scope: jobScope });
  }

  /** The folder that documents must lie in, where the host is held to one. */
  get documentsWithin(): string | undefined {
    return this.#settings.documentsWithin;
  }

  /** The library over these paths; not read yet, and the same one for the same paths. */
  library(paths: readonly string[]): Promise<Library> {
    const key = JSON.stringify(paths);
    let library = this.#libraries.get(key);
    if (!library) {
      const { cacheDir, documentsWithin: within } = this.#settings;
      library = createLibrary({
        ...(cacheDir !== undefined && { cacheDir }),
        ...(within !== undefined && { within }),
      });
      this.#libraries.set(key, library);
      library.catch(() => this.#libraries.delete(key));
    }
    return library;
  }

  /**
   * The reference that is given, or else the configured one.
   * @throws TriviumError `invalid-argument` where there is neither
   */
  languageModel(given?: string): string {
    const reference = given ?? (this.#settings.languageModel || process.env.TRIVIUM_MODEL);
    if (reference) return reference;
    throw new TriviumError(
      'invalid-argument',
      'No model is given: name "nano" (small, it travels with Trivium), a GGUF file, or hf:Qwen/Qwen3-4B-GGUF:Q4_K_M to have one downloaded (2.5 GB).',
      { field: 'model', remedy: 'Give it with the call (--model), or set TRIVIUM_MODEL.' },
    );
  }

  /** One unit vector a text, from the embedded static model: for choosing sentences, where many are compared. */
  async embedSentences(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    const model = await this.models.get('nano', 'static-embedding', { signal });
    const { embeddings, width } = await model.embed(texts, {
      overflow: 'truncate',
      ...(signal && { signal }),
    });
    return texts.map((_, index) => embeddings.subarray(index * width, (index + 1) * width));
  }

  context(signal: AbortSignal): TriviumContext {
    return { signal, host: this };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // They use what is disposed of below.
    await this.jobs[Symbol.asyncDispose]();
    const libraries = await Promise.allSettled(this.#libraries.values());
    this.#libraries.clear();
    await Promise.all(
      libraries.map((result) => (result.status === 'fulfilled' ? result.value.dispose() : undefined)),
    );
    await this.models[Symbol.asyncDispose]();
  }
}
