/**
 * A finished index over documents that never changes: search on it while the next one is being made. Brings the scores of
 * words and vectors together; how they weigh is in `ranking.ts`.
 */
import { TriviumError } from '@trivium/protocol';
import { chunkCount, embeddedText, type IndexedDocument, passageOf } from './indexed-document.js';
import { LexicalIndex } from './lexical-index.js';
import { lastAtOrBefore } from './places.js';
import { best, blend, queryTerms, ranking, scaleCosines, scaleLexical } from './ranking.js';
import type { DocumentEmbedder, Passage, SearchHit, SearchOptions } from './types.js';
import { dot, normalizedRow, openingCosines, passageCosines } from './vectors.js';

export interface SearchEmbedders {
  static: DocumentEmbedder | undefined;
  /** Loaded on first use. */
  contextual: () => Promise<DocumentEmbedder | undefined>;
}

/** Contextual vectors of passages, by document object and passage. */
export type VectorCache = WeakMap<IndexedDocument, Map<number, Float32Array>>;

const openingPassages = 3;

export class SearchIndex {
  readonly documents: readonly IndexedDocument[];
  readonly #firstChunks: Int32Array;
  readonly #lexical: LexicalIndex;
  readonly #byPath = new Map<string, IndexedDocument>();

  constructor(documents: readonly IndexedDocument[]) {
    this.documents = documents;
    this.#lexical = new LexicalIndex(documents);
    this.#firstChunks = new Int32Array(documents.length + 1);
    documents.forEach((document, number) => {
      this.#firstChunks[number + 1] = this.#firstChunks[number]! + chunkCount(document);
      this.#byPath.set(document.absolutePath, document);
      this.#byPath.set(document.path, document);
    });
  }

  get chunkCount(): number {
    return this.#lexical.chunkCount;
  }

  find(path: string): IndexedDocument | undefined {
    return this.#byPath.get(path);
  }

  *passages(): Generator<Passage> {
    for (const document of this.documents) {
      for (let chunk = 0; chunk < chunkCount(document); chunk++) yield passageOf(document, chunk);
    }
  }

  async search(
    query: string,
    options: SearchOptions,
    embedders: SearchEmbedders,
    cache: VectorCache,
  ): Promise<SearchHit[]> {
    const { limit = 10, mode = 'hybrid', level = 'passage', signal } = options;
    if (this.chunkCount === 0) return [];
    const terms = mode === 'static' ? [] : queryTerms(query);
    const staticModel = mode === 'lexical' ? undefined : embedders.static;
    if (mode === 'static' && !staticModel) {
      const remedy = 'Give staticModel, or search with mode "hybrid" or "lexical".';
      throw new TriviumError('unsupported', 'There is no static model to search with.', {
        field: 'mode',
        remedy,
      });
    }
    const vector = staticModel && (await embedQuery(staticModel, query, signal));
    const cosines = vector && passageCosines(this.documents, vector, this.chunkCount);
    const words = mode === 'static' ? undefined : this.#lexical.scorePassages(terms, ranking.lexical);
    const passages = combine(words && scaleLexical(words), cosines && scaleCosines(cosines));
    const wanted = mode === 'hybrid' ? Math.max(limit, ranking.candidates) : limit;
    const contextual = mode === 'hybrid' ? await embedders.contextual() : undefined;
    signal?.throwIfAborted();
    const documents = this.#scoreDocuments(terms, mode !== 'static', vector, cosines);
    const scores = level === 'document' ? documents : this.#withDocuments(passages, documents);
    const chunkOf = level === 'document' ? this.#bestChunks(passages) : undefined;
    let ranked = best(scores, wanted).map((at): [number, number] => [
      chunkOf ? chunkOf[at]! : at,
      scores[at]!,
    ]);
    if (contextual)
      ranked = await this.#rerank(contextual, query, ranked, cache, level === 'document', signal);
    return ranked.slice(0, limit).map(([chunk, score]) => this.#hit(chunk, score));
  }

  /** Passages of a document that fits as a whole go before their like elsewhere; what fits in nothing stays at 0. */
  #withDocuments(passages: Float32Array, documents: Float32Array): Float32Array {
    const scores = passages.slice();
    documents.forEach((score, number) => {
      for (let chunk = this.#firstChunks[number]!; chunk < this.#firstChunks[number + 1]!; chunk++) {
        if (scores[chunk]! > 0) scores[chunk]! += ranking.passage.document * score;
      }
    });
    return scores;
  }

  #scoreDocuments(
    terms: ReturnType<typeof queryTerms>,
    withWords: boolean,
    vector: Float32Array | undefined,
    cosines: Float32Array | undefined,
  ): Float32Array {
    const weights = ranking.document;
    const parts: [number, Float32Array][] = [];
    if (withWords)
      parts.push([weights.lexical, scaleLexical(this.#lexical.scoreDocuments(terms, ranking.lexical))]);
    if (vector && cosines) {
      const top = Float32Array.from(this.#bestChunks(cosines), (chunk) => (chunk < 0 ? 0 : cosines[chunk]!));
      parts.push(
        [weights.best, scaleCosines(top)],
        [weights.opening, scaleCosines(openingCosines(this.documents, vector, openingPassages))],
      );
    }
    const scores = blend(...parts);
    return scores.map((score, number) => (chunkCount(this.documents[number]!) === 0 ? 0 : score));
  }

  /** Per document its passage with the largest score, or -1. */
  #bestChunks(scores: Float32Array): Int32Array {
    return Int32Array.from(this.documents, (_, number) => {
      let found = -1;
      for (let chunk = this.#firstChunks[number]!; chunk < this.#firstChunks[number + 1]!; chunk++) {
        if (found < 0 || scores[chunk]! > scores[found]!) found = chunk;
      }
      return found;
    });
  }

  async #rerank(
    embedder: DocumentEmbedder,
    query: string,
    ranked: [number, number][],
    cache: VectorCache,
    ofDocuments: boolean,
    signal: AbortSignal | undefined,
  ): Promise<[number, number][]> {
    const head = ranked.slice(0, ranking.candidates);
    if (head.length < 2) return ranked;
    const openings = head.map(([chunk]) => (ofDocuments || ranking.opening > 0 ? this.#opening(chunk) : []));
    const wanted = new Set([...head.map(([chunk]) => chunk), ...openings.flat()]);
    const vectors = await this.#contextualVectors(embedder, [...wanted], cache, signal);
    const asked = await embedQuery(embedder, query, signal);
    const cosine = (chunk: number) => dot(asked, vectors.get(chunk)!);
    const mean = (chunks: readonly number[]) =>
      chunks.reduce((sum, chunk) => sum + cosine(chunk), 0) / chunks.length;
    const own = Float32Array.from(head, ([chunk], at) =>
      Math.max(cosine(chunk), ...(ofDocuments ? openings[at]!.map(cosine) : [])),
    );
    const share = ofDocuments ? 0.5 : ranking.opening;
    const scaled =
      share > 0
        ? blend([1 - share, scaleCosines(own)], [share, scaleCosines(Float32Array.from(openings, mean))])
        : scaleCosines(own);
    const rescored = head.map(([chunk, score], at): [number, number] => [
      chunk,
      (1 - ranking.contextual) * score + ranking.contextual * scaled[at]!,
    ]);
    rescored.sort((a, b) => b[1] - a[1]);
    const least = rescored.at(-1)![1];
    const ceiling = ranked[ranking.candidates - 1]?.[1] ?? 1;
    const rest = ranked
      .slice(head.length)
      .map(([chunk, score]): [number, number] => [chunk, Math.min(1, score / ceiling) * least]);
    return [...rescored, ...rest];
  }

  /** The first passages of the document that holds a passage. */
  #opening(chunk: number): number[] {
    const number = this.#documentNumber(chunk);
    const first = this.#firstChunks[number]!;
    const count = Math.min(openingPassages, this.#firstChunks[number + 1]! - first);
    return Array.from({ length: count }, (_, at) => first + at);
  }

  async #contextualVectors(
    embedder: DocumentEmbedder,
    chunks: number[],
    cache: VectorCache,
    signal?: AbortSignal,
  ) {
    const vectors = new Map<number, Float32Array>();
    const missing: number[] = [];
    for (const chunk of chunks) {
      const known = this.#cached(chunk, cache).get(this.#chunkInDocument(chunk));
      if (known) vectors.set(chunk, known);
      else missing.push(chunk);
    }
    if (missing.length > 0) {
      const texts = missing.map((chunk) =>
        embeddedText(this.documents[this.#documentNumber(chunk)]!, this.#chunkInDocument(chunk)),
      );
      const { embeddings } = await embedder.embed(texts, { role: 'passage', ...(signal && { signal }) });
      missing.forEach((chunk, row) => {
        const vector = normalizedRow(embeddings, embedder.width, row);
        vectors.set(chunk, vector);
        this.#cached(chunk, cache).set(this.#chunkInDocument(chunk), vector);
      });
    }
    return vectors;
  }

  #cached(chunk: number, cache: VectorCache): Map<number, Float32Array> {
    const document = this.documents[this.#documentNumber(chunk)]!;
    let known = cache.get(document);
    if (!known) {
      known = new Map();
      cache.set(document, known);
    }
    return known;
  }

  /** Documents without passages share their first passage with the next one: the last that begins there has it. */
  #documentNumber = (chunk: number) =>
    lastAtOrBefore(this.#firstChunks.subarray(0, this.documents.length), chunk);
  #chunkInDocument = (chunk: number) => chunk - this.#firstChunks[this.#documentNumber(chunk)]!;

  #hit(chunk: number, score: number): SearchHit {
    const passage = passageOf(this.documents[this.#documentNumber(chunk)]!, this.#chunkInDocument(chunk));
    const { path, start, end, text, line, page } = passage;
    return { path, start, end, text, score, line, ...(page !== undefined && { page }) };
  }
}

function combine(words: Float32Array | undefined, cosines: Float32Array | undefined): Float32Array {
  if (!words) return cosines ?? new Float32Array(0);
  return cosines ? blend([ranking.passage.lexical, words], [ranking.passage.static, cosines]) : words;
}

async function embedQuery(
  embedder: DocumentEmbedder,
  query: string,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const { embeddings } = await embedder.embed([query], { role: 'query', ...(signal && { signal }) });
  return normalizedRow(embeddings, embedder.width, 0);
}
