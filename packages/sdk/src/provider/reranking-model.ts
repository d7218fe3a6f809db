/** Reranking by embeddings: documents in the order of their cosine to the query, from 0 to 1. */
import type { ModelStore } from '../models/model-store.js';
import type { CallWarning, SpecificationVersion } from './specification.js';

export interface RerankCallOptions {
  readonly documents:
    | { readonly type: 'text'; readonly values: readonly string[] }
    | { readonly type: 'object'; readonly values: readonly unknown[] };
  readonly query: string;
  readonly topN?: number | undefined;
  readonly abortSignal?: AbortSignal | undefined;
}

export class TriviumRerankingModel<Version extends SpecificationVersion = SpecificationVersion> {
  readonly specificationVersion: Version;
  readonly provider = 'trivium.reranking';
  readonly modelId: string;
  // Private, but no #: `ai` 7 puts a Proxy around V3 models, and methods called on that cannot reach a #field.
  private readonly store: ModelStore;

  constructor(modelId: string, version: Version, store: ModelStore) {
    this.modelId = modelId;
    this.specificationVersion = version;
    this.store = store;
  }

  async doRerank({ documents, query, topN, abortSignal }: RerankCallOptions): Promise<{
    ranking: { index: number; relevanceScore: number }[];
    warnings: CallWarning[];
  }> {
    abortSignal?.throwIfAborted();
    const texts =
      documents.type === 'text' ? documents.values : documents.values.map((value) => JSON.stringify(value));
    const model = await this.store.get(this.modelId, 'embedding', { signal: abortSignal });
    const { embeddings, width } = await model.embed(
      [query, ...texts],
      abortSignal ? { signal: abortSignal } : {},
    );
    const ranking = texts.map((_, index) => {
      let dot = 0;
      for (let k = 0; k < width; k += 1) dot += embeddings[k]! * embeddings[(index + 1) * width + k]!;
      return { index, relevanceScore: (dot + 1) / 2 };
    });
    ranking.sort((a, b) => b.relevanceScore - a.relevanceScore || a.index - b.index);
    return { ranking: ranking.slice(0, topN ?? ranking.length), warnings: [] };
  }
}
