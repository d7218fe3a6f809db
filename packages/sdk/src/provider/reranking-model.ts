/**
 * Reranking: documents in the order of their relevance to a query, from 0 to 1. A cross-encoder reads each document together
 * with the query, and a document is as relevant as the sigmoid of its logit says; the cosine of the vectors of any other
 * encoder stands in for that, moved from [-1, 1] to [0, 1]. Documents that do not fit the context are errors, never cut; the
 * cross-encoder of `@trivium/nano`, which is made for passages, reads them in pieces.
 */
import type { NativeModel } from '@trivium/native';
import { largestInput } from '../documents/passage-ranker.js';
import { rankTexts } from '../documents/rank-texts.js';
import { dot, normalizedRow } from '../documents/vectors.js';
import type { ModelStore } from '../models/model-store.js';
import { throwRetryable } from './retryable.js';
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

  /**
   * @throws TriviumError `unsupported` for models that neither rank nor embed, `context-overflow`; a retryable `APICallError`
   * for a queue that is full; the abort reason
   */
  async doRerank({ documents, query, topN, abortSignal }: RerankCallOptions): Promise<{
    ranking: { index: number; relevanceScore: number }[];
    warnings: CallWarning[];
  }> {
    abortSignal?.throwIfAborted();
    const texts =
      documents.type === 'text' ? documents.values : documents.values.map((value) => JSON.stringify(value));
    const model = await this.store.get(this.modelId, 'reranking', { signal: abortSignal });
    const relevance = relevanceOf(model, this.store);
    const options = abortSignal ? { signal: abortSignal } : {};
    const scores = await relevance(model, query, texts, options).catch(throwRetryable);
    // By what the model says, not by its sigmoid: that is 1 for many a document that another one beats.
    const ranking = texts
      .map((_, index) => ({ index, score: scores.values[index]! }))
      .sort((a, b) => b.score - a.score || a.index - b.index)
      .map(({ index, score }) => ({ index, relevanceScore: scores.toRelevance(score) }));
    return { ranking: ranking.slice(0, topN ?? ranking.length), warnings: scores.warnings ?? [] };
  }
}

interface Scores {
  /** (texts) */
  values: ArrayLike<number>;
  /** To [0, 1], in the same order. */
  toRelevance(score: number): number;
  warnings?: CallWarning[];
}

type Relevance = (
  model: NativeModel,
  query: string,
  texts: readonly string[],
  options: { signal?: AbortSignal },
) => Promise<Scores>;

function relevanceOf({ info }: NativeModel, store: ModelStore): Relevance {
  if (info.kind !== 'cross-encoder') return relevanceByVectors;
  return info.tokenMatches ? relevanceByMatches(store) : relevanceByPairs;
}

const sigmoid = (logit: number) => 1 / (1 + Math.exp(-logit));

/** Static vectors say which tokens match: those of `@trivium/nano`, whose tokenizer the ranker has. */
const relevanceByMatches =
  (store: ModelStore): Relevance =>
  async (model, query, texts, options) => {
    const words = await store.get('nano-static', 'embedding', options);
    const embedder = {
      width: words.info.width,
      embedTokens: (some: readonly string[]) => words.embedTokens(some, options),
    };
    const { scores, queryTokens } = await rankTexts(model, embedder, query, texts, options);
    const message = `Of the query's ${queryTokens} tokens the ranker reads the first ${largestInput.query}.`;
    const isLong = queryTokens > largestInput.query;
    return {
      values: scores,
      toRelevance: sigmoid,
      ...(isLong && { warnings: [{ type: 'other' as const, message }] }),
    };
  };

const relevanceByPairs: Relevance = async (model, query, texts, options) => {
  const { scores } = await model.rank(query, texts, options);
  return { values: scores, toRelevance: sigmoid };
};

const relevanceByVectors: Relevance = async (model, query, texts, options) => {
  const { embeddings, width } = await model.embed([query, ...texts], options);
  // Not all embedders make unit vectors.
  const asked = normalizedRow(embeddings, width, 0);
  const cosines = texts.map((_, index) => dot(asked, normalizedRow(embeddings, width, index + 1)));
  // Rounding takes the cosine of a text with itself past 1.
  return { values: cosines, toRelevance: (cosine) => Math.min(1, Math.max(0, (cosine + 1) / 2)) };
};
