/** A local encoder as an AI SDK embedding model. Inputs that do not fit its context are errors, unless they are to be cut. */
import { embedTexts } from '../models/embed-texts.js';
import type { ModelStore } from '../models/model-store.js';
import { cutWarnings, emptyWarnings, parseEmbeddingOptions } from './options.js';
import { throwRetryable } from './retryable.js';
import type { CallWarning, SpecificationVersion } from './specification.js';

export interface EmbedCallOptions {
  readonly values: readonly string[];
  readonly dimensions?: number | undefined;
  readonly abortSignal?: AbortSignal | undefined;
  readonly providerOptions?: Record<string, Record<string, unknown>> | undefined;
}

export class TriviumEmbeddingModel<Version extends SpecificationVersion = SpecificationVersion> {
  readonly specificationVersion: Version;
  readonly provider = 'trivium.embedding';
  readonly modelId: string;
  readonly maxEmbeddingsPerCall = 2048;
  readonly supportsParallelCalls = true;
  // Private, but no #: `ai` 7 puts a Proxy around V3 models, and methods called on that cannot reach a #field.
  private readonly store: ModelStore;

  constructor(modelId: string, version: Version, store: ModelStore) {
    this.modelId = modelId;
    this.specificationVersion = version;
    this.store = store;
  }

  /**
   * @throws TriviumError `unsupported` for models that do not embed, `context-overflow`, `invalid-argument` for a prompt that the
   * model does not have; a retryable `APICallError` for a queue that is full; the abort reason
   */
  async doEmbed({ values, dimensions, abortSignal, providerOptions }: EmbedCallOptions): Promise<{
    embeddings: number[][];
    usage: { tokens: number };
    warnings: CallWarning[];
  }> {
    abortSignal?.throwIfAborted();
    const { options, warnings } = parseEmbeddingOptions(providerOptions?.trivium);
    const model = await this.store.get(this.modelId, 'embedding', { signal: abortSignal });
    const { embeddings, width, tokens, truncated } = await embedTexts(
      model,
      values,
      { ...options, signal: abortSignal },
      'providerOptions.trivium.prompt',
    ).catch(throwRetryable);
    const empty = [...embeddings.keys()].filter((index) => embeddings[index]!.every((value) => value === 0));
    warnings.push(...cutWarnings('texts', truncated, model.info.contextTokens), ...emptyWarnings(empty));
    if (dimensions !== undefined && dimensions !== width) {
      const details = `Vectors have ${width} dimensions.`;
      warnings.push({ type: 'unsupported', feature: 'dimensions', details });
    }
    return { embeddings, usage: { tokens }, warnings };
  }
}
