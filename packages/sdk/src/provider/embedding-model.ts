/** A local encoder as an AI SDK embedding model. Inputs that do not fit its context are errors, never cut. */
import type { ModelStore } from '../models/model-store.js';
import { throwRetryable } from './retryable.js';
import type { CallWarning, SpecificationVersion } from './specification.js';

export interface EmbedCallOptions {
  readonly values: readonly string[];
  readonly dimensions?: number | undefined;
  readonly abortSignal?: AbortSignal | undefined;
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

  async doEmbed({ values, dimensions, abortSignal }: EmbedCallOptions): Promise<{
    embeddings: number[][];
    usage: { tokens: number };
    warnings: CallWarning[];
  }> {
    abortSignal?.throwIfAborted();
    const model = await this.store.get(this.modelId, 'embedding', { signal: abortSignal });
    const options = abortSignal ? { signal: abortSignal } : {};
    const result = await model.embed(values, options).catch(throwRetryable);
    const warnings: CallWarning[] =
      dimensions === undefined || dimensions === result.width
        ? []
        : [
            {
              type: 'unsupported',
              feature: 'dimensions',
              details: `Vectors have ${result.width} dimensions.`,
            },
          ];
    const embeddings = values.map((_, index) =>
      Array.from(result.embeddings.subarray(index * result.width, (index + 1) * result.width)),
    );
    return { embeddings, usage: { tokens: result.inputTokens }, warnings };
  }
}
