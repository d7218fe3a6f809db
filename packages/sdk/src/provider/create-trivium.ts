/** `createTrivium` and the default `trivium`: local models as an AI SDK provider. */
import { NoSuchModelError } from '@ai-sdk/provider';
import { TriviumError } from '@trivium/protocol';
import { ModelStore, type ModelStoreSettings, type PreloadOptions } from '../models/model-store.js';
import { type ModelPurpose, resolveModel } from '../models/resolve-model.js';
import { TriviumEmbeddingModel } from './embedding-model.js';
import { TriviumLanguageModel } from './language-model.js';
import { TriviumRerankingModel } from './reranking-model.js';
import type { SpecificationVersion } from './specification.js';

export interface TriviumProviderSettings<Version extends SpecificationVersion = SpecificationVersion>
  extends ModelStoreSettings {
  /** The AI SDK's model specification: `'v4'` (default) for `ai` 7, `'v3'` for `ai` 6. */
  specification?: Version;
}

export interface TriviumProvider<Version extends SpecificationVersion = SpecificationVersion>
  extends AsyncDisposable {
  /** The same as `languageModel`. */
  (modelId: string): TriviumLanguageModel<Version>;
  readonly specificationVersion: Version;
  languageModel(modelId: string): TriviumLanguageModel<Version>;
  embeddingModel(modelId: string): TriviumEmbeddingModel<Version>;
  /**
   * A cross-encoder, which reads each document together with the query (relevance: sigmoid of its logit), as `'nano'` is one;
   * or an embedder, such as `'nano-contextual'`, whose cosine stands in for that.
   * @example await rerank({ model: trivium.rerankingModel('hf:cross-encoder/ms-marco-MiniLM-L6-v2'), query, documents })
   */
  rerankingModel(modelId: string): TriviumRerankingModel<Version>;
  /** Not built yet: throws `NoSuchModelError`. */
  imageModel(modelId: string): never;
  transcriptionModel(modelId: string): never;
  speechModel(modelId: string): never;
  /**
   * Fetches (`hf:`) and loads a model before its first call.
   * @example await trivium.preload('hf:org/repo:Q4_K_M', { onProgress: (step) => console.log(step) })
   * @throws TriviumError `not-found`, `forbidden`, `network`, `corrupt`, `offline`, `io`, `out-of-memory`, `bad-format`
   */
  preload(modelId: string, options?: PreloadOptions): Promise<void>;
  /** Frees every model this provider has loaded; calls under way fail with `disposed`. */
  dispose(): Promise<void>;
}

/**
 * @example
 * const trivium = createTrivium({ specification: 'v3' });
 * const { text } = await generateText({ model: trivium('./model.gguf'), prompt: 'Hello' });
 */
export function createTrivium(settings?: TriviumProviderSettings<never>): TriviumProvider<'v4'>;
export function createTrivium<Version extends SpecificationVersion>(
  settings: TriviumProviderSettings<Version>,
): TriviumProvider<Version>;
export function createTrivium(settings: TriviumProviderSettings = {}): TriviumProvider {
  const { specification: version = 'v4', ...storeSettings } = settings;
  const store = new ModelStore(storeSettings);

  const known = (
    modelId: string,
    purpose: ModelPurpose,
    modelType: 'languageModel' | 'embeddingModel' | 'rerankingModel',
  ) => {
    try {
      resolveModel(modelId, purpose);
    } catch (error) {
      throw new NoSuchModelError({ modelId, modelType, message: TriviumError.from(error).message });
    }
  };
  const absent = (modelType: 'imageModel' | 'transcriptionModel' | 'speechModel') => (modelId: string) => {
    throw new NoSuchModelError({ modelId, modelType });
  };
  const languageModel = (modelId: string) => {
    known(modelId, 'language', 'languageModel');
    return new TriviumLanguageModel(modelId, version, store);
  };
  function provider(modelId: string) {
    if (new.target) throw new TypeError('createTrivium() makes a function: call it without "new".');
    return languageModel(modelId);
  }
  const dispose = () => store[Symbol.asyncDispose]();
  return Object.assign(provider, {
    specificationVersion: version,
    languageModel,
    embeddingModel: (modelId: string) => {
      known(modelId, 'embedding', 'embeddingModel');
      return new TriviumEmbeddingModel(modelId, version, store);
    },
    rerankingModel: (modelId: string) => {
      known(modelId, 'reranking', 'rerankingModel');
      return new TriviumRerankingModel(modelId, version, store);
    },
    imageModel: absent('imageModel'),
    transcriptionModel: absent('transcriptionModel'),
    speechModel: absent('speechModel'),
    preload: (modelId: string, options?: PreloadOptions) => store.preload(modelId, options),
    dispose,
    [Symbol.asyncDispose]: dispose,
  });
}

/** The default provider, for `ai` 7. With `ai` 6 use `createTrivium({ specification: 'v3' })`. */
export const trivium: TriviumProvider<'v4'> = createTrivium();
