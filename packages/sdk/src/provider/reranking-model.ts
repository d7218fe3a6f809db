/**
 * Reranking: documents in the order of their relevance to a query, from 0 to 1. A cross-encoder reads each document together
 * with the query, and a document is as relevant as the sigmoid of its logit says; the cosine of the vectors of any other
 * encoder stands in for that, moved from [-1, 1] to [0, 1]. Documents that do not fit the context are errors, unless they are to
 * be cut; the cross-encoder of `@trivium/nano`, which is made for passages, reads them in pieces.
 */
import type { EmbedOptions, NativeModel } from '@trivium/native';
import { TriviumError } from '@trivium/protocol';
import { largestInput } from '../documents/passage-ranker.js';
import { rankTexts } from '../documents/rank-texts.js';
import { dot, normalizedRow } from '../documents/vectors.js';
import type { ModelStore } from '../models/model-store.js';
import { promptOf } from '../models/prompts.js';
import { cutWarnings, parseRerankingOptions } from './options.js';
import { throwRetryable } from './retryable.js';
import type { CallWarning, SpecificationVersion } from './specification.js';

export interface RerankCallOptions {
  readonly documents:
    | { readonly type: 'text'; readonly values: readonly string[] }
    | { readonly type: 'object'; readonly values: readonly unknown[] };
  readonly query: string;
  readonly topN?: number | undefined;
  readonly abortSignal?: AbortSignal | undefined;
  readonly providerOptions?: Record<string, Record<string, unknown>> | undefined;
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
  async doRerank({ documents, query, topN, abortSignal, providerOptions }: RerankCallOptions): Promise<{
    ranking: { index: number; relevanceScore: number }[];
    warnings: CallWarning[];
  }> {
    abortSignal?.throwIfAborted();
    const { options, warnings } = parseRerankingOptions(providerOptions?.trivium);
    const texts =
      documents.type === 'text' ? documents.values : documents.values.map((value) => JSON.stringify(value));
    const model = await this.store.get(this.modelId, 'reranking', { signal: abortSignal });
    const relevance = relevanceOf(model, this.store);
    const call = { ...options, signal: abortSignal };
    const scores = await relevance(model, query, texts, call).catch(throwRetryable);
    // By what the model says, not by its sigmoid: that is 1 for many a document that another one beats.
    const ranking = texts
      .map((_, index) => ({ index, score: scores.values[index]! }))
      .sort((a, b) => b.score - a.score || a.index - b.index)
      .map(({ index, score }) => ({ index, relevanceScore: scores.toRelevance(score) }));
    return { ranking: ranking.slice(0, topN ?? ranking.length), warnings: [...warnings, ...scores.warnings] };
  }
}

interface Scores {
  /** (texts) */
  values: ArrayLike<number>;
  /** To [0, 1], in the same order. */
  toRelevance(score: number): number;
  warnings: CallWarning[];
}

type Relevance = (
  model: NativeModel,
  query: string,
  texts: readonly string[],
  options: EmbedOptions,
) => Promise<Scores>;

function relevanceOf({ info }: NativeModel, store: ModelStore): Relevance {
  if (info.kind !== 'cross-encoder') return relevanceByVectors;
  return info.tokenMatches ? relevanceByMatches(store) : relevanceByPairs;
}

const sigmoid = (logit: number) => 1 / (1 + Math.exp(-logit));

/** Static vectors say which tokens match: those of `@trivium/nano`, whose tokenizer the ranker has. */
const relevanceByMatches =
  (store: ModelStore): Relevance =>
  async (model, query, texts, { signal }) => {
    const words = await store.get('nano-static', 'embedding', { signal });
    const embedder = {
      width: words.info.width,
      embedTokens: (some: readonly string[]) => words.embedTokens(some, { signal }),
    };
    const { scores, queryTokens } = await rankTexts(model, embedder, query, texts, signal ? { signal } : {});
    const message = `Of the query's ${queryTokens} tokens the ranker reads the first ${largestInput.query}.`;
    const isLong = queryTokens > largestInput.query;
    return {
      values: scores,
      toRelevance: sigmoid,
      warnings: isLong ? [{ type: 'other', message }] : [],
    };
  };

const relevanceByPairs: Relevance = async (model, query, texts, options) => {
  const { scores, truncated } = await model.rank(query, texts, options);
  const warnings = cutWarnings('documents', truncated, model.info.contextTokens);
  return { values: scores, toRelevance: sigmoid, warnings };
};

const relevanceByVectors: Relevance = async (model, query, texts, options) => {
  const { contextTokens } = model.info;
  // As an embedding model has them, so that anyone can count the score again.
  const before = promptOf(model.info, undefined, 'model');
  const asked = await model.embed([before + query], options).catch(throwOfQuery);
  const held = await model.embed(
    texts.map((text) => before + text),
    options,
  );
  const warnings = cutWarnings('documents', held.truncated, contextTokens);
  if (asked.truncated.length > 0) {
    const message = `The query was cut to the ${contextTokens} tokens of the context.`;
    warnings.push({ type: 'other', message });
  }
  // Not all embedders make unit vectors.
  const wanted = normalizedRow(asked.embeddings, asked.width, 0);
  return {
    values: texts.map((_, row) => dot(wanted, normalizedRow(held.embeddings, held.width, row))),
    // Rounding takes the cosine of a text with itself past 1.
    toRelevance: (cosine) => Math.min(1, Math.max(0, (cosine + 1) / 2)),
    warnings,
  };
};

/** The engine knows it as the one text that it was given. */
function throwOfQuery(error: unknown): never {
  if (!TriviumError.isInstance(error) || error.field !== 'texts.0') throw error;
  const { code, message, expected, found, remedy } = error;
  throw new TriviumError(code, message.replace('Input 0', 'The query'), {
    field: 'query',
    expected,
    found,
    remedy,
    cause: error,
  });
}
