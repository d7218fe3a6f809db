/**
 * What implementations run on: models by reference and documents by paths, each loaded or read once and kept. A process
 * has one host; every surface (functions, command line, MCP) calls capabilities through it.
 */
import { join } from 'node:path';
import { type CapabilityContext, type DownloadProgress, TriviumError } from '@trivium/protocol';
import { defaultCacheFolder } from '../base/cache-folder.js';
import { createLibrary, type LibraryOptions } from '../documents/index.js';
import { JobStore, type Jobs } from '../jobs/index.js';
import { ModelStore, type ModelStoreSettings } from '../models/model-store.js';
import type { ModelPurpose } from '../models/resolve-model.js';
import type { JoinOptions } from '../models/shared-task.js';
import { LeasedLibraries } from './leased-libraries.js';

export interface HostSettings extends ModelStoreSettings {
  /** Where indexes, downloaded models and the state of jobs are kept between runs; default: the user's cache folder. */
  cacheDir?: string;
  /** The model that talks where a call names none; default: `TRIVIUM_MODEL`. */
  languageModel?: string;
  /**
   * An embedder, by reference, that helps to order what is found in documents; see `LibraryOptions.embedModel`. Default:
   * `TRIVIUM_EMBED_MODEL`, or else the one that travels with Trivium.
   */
  embedModel?: string;
  /** A cross-encoder, by reference, for `LibraryOptions.rankModel`. Default: `TRIVIUM_RANK_MODEL`, or else as above. */
  rankModel?: string;
  /** Documents outside this folder (absolute, real) are skipped, whatever links lead there; see `LibraryOptions.within`. */
  documentsWithin?: string;
  /** Of all jobs of this user only those of this scope are seen and started; see `JobStoreSettings`. */
  jobScope?: string;
}

export interface TriviumContext extends CapabilityContext {
  readonly host: Host;
  /**
   * The jobs that the caller knows: of the host's own, those that a server tells this one of. In the thread of a plugin they
   * are known until the call ends (`disposed`), and capabilities of the plugin alone are started (`unsupported` else).
   */
  readonly jobs: Jobs;
}

export class Host implements AsyncDisposable {
  readonly models: ModelStore;
  /** Work that outlives the call that started it. */
  readonly jobs: JobStore;
  /** Documents by their paths: the same library for the same paths, while somebody has it and a while after. */
  readonly libraries: LeasedLibraries;
  readonly #settings: HostSettings;

  constructor(settings: HostSettings = {}) {
    this.#settings = settings;
    const { cacheDir, jobScope, documentsWithin: within } = settings;
    this.models = new ModelStore(
      cacheDir === undefined ? settings : { ...settings, hub: { cacheDir, ...settings.hub } },
    );
    this.jobs = new JobStore({ folder: join(cacheDir ?? defaultCacheFolder(), 'jobs'), scope: jobScope });
    this.libraries = new LeasedLibraries(async () =>
      createLibrary({
        ...(cacheDir !== undefined && { cacheDir }),
        ...(within !== undefined && { within }),
        ...(await this.#documentModels()),
      }),
    );
  }

  /** The folder that documents must lie in, where the host is held to one. */
  get documentsWithin(): string | undefined {
    return this.#settings.documentsWithin;
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

  /**
   * Fetches the models of search that are named by `hf:` and not here yet, so that no library waits for them unseen.
   * @throws TriviumError as `ModelStore.path` does, with the name of the setting; the abort reason
   */
  async fetchDocumentModels(options: JoinOptions<DownloadProgress>): Promise<void> {
    await this.#documentModels(options);
  }

  async #documentModels(
    options: JoinOptions<DownloadProgress> = {},
  ): Promise<Pick<LibraryOptions, 'embedModel' | 'rankModel'>> {
    const { embedModel = process.env.TRIVIUM_EMBED_MODEL, rankModel = process.env.TRIVIUM_RANK_MODEL } =
      this.#settings;
    const pathOf = async (field: string, reference: string | undefined, purpose: ModelPurpose) => {
      // A library knows the models of nano itself, and does without them where they are not there.
      if (!reference || reference === 'nano') return {};
      try {
        return { [field]: await this.models.path(reference, purpose, options) };
      } catch (error) {
        options.signal?.throwIfAborted();
        const { code, message, ...details } = TriviumError.from(error);
        throw new TriviumError(code, message, { ...details, field, cause: error });
      }
    };
    return {
      ...(await pathOf('embedModel', embedModel, 'embedding')),
      ...(await pathOf('rankModel', rankModel, 'reranking')),
    };
  }

  /** One unit vector a text, from the embedded static model: for choosing sentences, where many are compared. */
  async embedSentences(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    const model = await this.models.get('nano-static', 'embedding', { signal });
    const { embeddings, width } = await model.embed(texts, {
      overflow: 'truncate',
      ...(signal && { signal }),
    });
    return texts.map((_, index) => embeddings.subarray(index * width, (index + 1) * width));
  }

  /** @param jobs default: all that the host knows */
  context(signal: AbortSignal, jobs: Jobs = this.jobs): TriviumContext {
    return { signal, host: this, jobs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // They use what is disposed of below.
    await this.jobs[Symbol.asyncDispose]();
    await this.libraries[Symbol.asyncDispose]();
    await this.models[Symbol.asyncDispose]();
  }
}
