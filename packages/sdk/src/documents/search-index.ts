/**
 * A finished index over documents that never changes: search on it while the next one is being made. Brings the scores of
 * words and vectors together; how they weigh is in `ranking.ts`.
 */
import { TriviumError } from '@trivium/protocol';
import {
  chunkCount,
  embeddedText,
  type IndexedDocument,
  openingTexts,
  passageOf,
} from './indexed-document.js';
import { embedsTokens, lateInteraction } from './late-interaction.js';
import { LexicalIndex } from './lexical-index.js';
import { lastAtOrBefore } from './places.js';
import { best, blend, queryTerms, ranking, scaleCosines, scaleLexical, toScaleOf } from './ranking.js';
import type { DocumentEmbedder, Passage, SearchHit, SearchOptions } from './types.js';
import { dot, normalizedRow, openingCosines, passageCosines } from './vectors.js';

export interface SearchEmbedders {
  static: DocumentEmbedder | undefined;
  /** Loaded on first use. */
  contextual: () => Promise<DocumentEmbedder | undefined>;
}

/** Contextual vectors of the paragraphs that open a document. */
export type OpeningVectors = WeakMap<IndexedDocument, Float32Array[]>;

/** A passage and its score. */
type Ranked = [chunk: number, score: number];

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
    openings: OpeningVectors,
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
    signal?.throwIfAborted();
    const documents = this.#scoreDocuments(terms, mode !== 'static', vector, cosines);
    const scores = level === 'document' ? documents : this.#withDocuments(passages, documents);
    const chunkOf = level === 'document' ? this.#bestChunks(passages) : undefined;
    const ranked = best(scores, wanted).map((at): Ranked => [chunkOf ? chunkOf[at]! : at, scores[at]!]);
    const ordered =
      mode === 'hybrid' ? await this.#rerank(query, ranked, options, embedders, openings) : ranked;
    return ordered.slice(0, limit).map(([chunk, score]) => this.#hit(chunk, score));
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

  /** The best once more by what looks closer: late interaction at passages, the contextual embedder at documents. */
  async #rerank(
    query: string,
    ranked: readonly Ranked[],
    { level, signal }: SearchOptions,
    embedders: SearchEmbedders,
    openings: OpeningVectors,
  ): Promise<readonly Ranked[]> {
    const head = ranked.slice(0, ranking.candidates);
    if (head.length < 2) return ranked;
    const chunks = head.map(([chunk]) => chunk);
    if (level === 'document') {
      const contextual = await embedders.contextual();
      if (!contextual) return ranked;
      const cosines = await this.#openingCosines(contextual, query, chunks, openings, signal);
      return reordered(ranked, cosines, ranking.contextual);
    }
    const { static: embedder } = embedders;
    if (!embedder || !embedsTokens(embedder)) return ranked;
    const texts = chunks.map((chunk) => embeddedText(this.#documentOf(chunk), this.#chunkInDocument(chunk)));
    return reordered(ranked, await lateInteraction(embedder, query, texts, signal), ranking.late);
  }

  /** Per passage the largest cosine of the query with a paragraph that opens the passage's document. */
  async #openingCosines(
    embedder: DocumentEmbedder,
    query: string,
    chunks: readonly number[],
    openings: OpeningVectors,
    signal?: AbortSignal,
  ): Promise<Float32Array> {
    const documents = chunks.map((chunk) => this.#documentOf(chunk));
    const missing = [...new Set(documents.filter((document) => !openings.has(document)))];
    const texts = missing.map((document) => openingTexts(document, ranking.openingParagraphs));
    const options = { role: 'passage' as const, ...(signal && { signal }) };
    const { embeddings } = await embedder.embed(texts.flat(), options);
    let row = 0;
    missing.forEach((document, at) => {
      openings.set(
        document,
        texts[at]!.map(() => normalizedRow(embeddings, embedder.width, row++)),
      );
    });
    const asked = await embedQuery(embedder, query, signal);
    return Float32Array.from(documents, (document) =>
      openings.get(document)!.reduce((most, vector) => Math.max(most, dot(asked, vector)), -1),
    );
  }

  /** Documents without passages share their first passage with the next one: the last that begins there has it. */
  #documentNumber = (chunk: number) =>
    lastAtOrBefore(this.#firstChunks.subarray(0, this.documents.length), chunk);
  #documentOf = (chunk: number) => this.documents[this.#documentNumber(chunk)]!;
  #chunkInDocument = (chunk: number) => chunk - this.#firstChunks[this.#documentNumber(chunk)]!;

  #hit(chunk: number, score: number): SearchHit {
    const passage = passageOf(this.#documentOf(chunk), this.#chunkInDocument(chunk));
    const { path, start, end, text, line, page } = passage;
    return { path, start, end, text, score, line, ...(page !== undefined && { page }) };
  }
}

/**
 * The first of `ranked`, as many as there are cosines, by a mean of both; what comes after them stays after them. The
 * cosines are brought to the mean and deviation of the scores, so that neither decides by its scale alone.
 */
function reordered(ranked: readonly Ranked[], cosines: Float32Array, share: number): Ranked[] {
  const head = ranked.slice(0, cosines.length);
  const scaled = toScaleOf(
    head.map(([, score]) => score),
    cosines,
  );
  const rescored = head
    .map(([chunk, score], at): Ranked => [chunk, (1 - share) * score + share * scaled[at]!])
    .sort((a, b) => b[1] - a[1]);
  const least = rescored.at(-1)?.[1] ?? 0;
  const ceiling = head.at(-1)?.[1] ?? 1;
  const rest = ranked
    .slice(head.length)
    .map(([chunk, score]): Ranked => [chunk, Math.min(1, score / ceiling) * least]);
  return [...rescored, ...rest];
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
