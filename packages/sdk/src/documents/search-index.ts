/**
 * A finished index over documents that never changes: search on it while the next one is being made. Brings the scores of
 * words and vectors together; how they weigh is in `ranking.ts`.
 */
import { TriviumError } from '@trivium/protocol/errors';
import { behind, type Parts, type Ranked, type Weighed, weigh } from './candidates.js';
import { characterEdge } from './chunk-document.js';
import { cite } from './cite.js';
import type { ContextualVectors, PassageKey } from './contextual-vectors.js';
import {
  chunkCount,
  embeddedText,
  type IndexedDocument,
  openingTexts,
  passageOf,
  readPassage,
} from './indexed-document.js';
import { interactionParts, openingParts } from './late-interaction.js';
import { LexicalIndex } from './lexical-index.js';
import type { PassageRanker } from './passage-ranker.js';
import { lastAtOrBefore, placeInFile } from './places.js';
import { best, blend, keepMatches, queryTerms, ranking, scaleCosines, scaleLexical } from './ranking.js';
import { embedsTokens } from './token-matches.js';
import type { DocumentEmbedder, Passage, SearchHit, SearchOptions } from './types.js';
import { openingCosines, passageCosines, queryVector } from './vectors.js';

export interface SearchModels {
  static: DocumentEmbedder | undefined;
  /** Loaded on first use, as the next ones are. Of documents. */
  contextual: () => Promise<DocumentEmbedder | undefined>;
  /** The same, where it is to look at passages too. */
  passages: () => Promise<DocumentEmbedder | undefined>;
  /** What it has made in earlier searches. */
  vectors: ContextualVectors;
  ranker: () => Promise<PassageRanker | undefined>;
}

/** What words and static vectors say of everything: one value a passage, or one a document. */
interface FirstLook {
  passages: { lexical: Float32Array | undefined; static: Float32Array | undefined };
  documents: {
    lexical: Float32Array | undefined;
    best: Float32Array | undefined;
    opening: Float32Array | undefined;
  };
}

/** Of a query, what is searched for: more than a long paragraph. Time and memory of a search grow with it. */
const queryCharacters = 2000;

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

  /** @param asked of which the first 2,000 characters are looked for; without a word in them nothing is found */
  async search(asked: string, options: SearchOptions, models: SearchModels): Promise<SearchHit[]> {
    const { limit = 10, mode = 'hybrid', level = 'passage', explain = false, signal } = options;
    const query = asked.slice(0, characterEdge(asked, queryCharacters));
    if (this.chunkCount === 0 || queryTerms(query).length === 0) return [];
    const look = await this.#firstLook(query, options, models);
    signal?.throwIfAborted();
    const documents = this.#scoreDocuments(look);
    const passages = this.#scorePassages(look, documents);
    const scores = level === 'document' ? documents : passages;
    const found = best(scores, mode === 'hybrid' ? Math.max(limit, ranking.candidates) : limit);
    const all = found.map((at): Ranked => [at, scores[at]!]);
    const head = found.slice(0, ranking.candidates);
    const chunkOf = level === 'document' ? this.#bestChunks(passages) : undefined;
    const chunkAt = (at: number) => (chunkOf ? chunkOf[at]! : at);
    const hit = ([at, score]: Ranked) => this.#hit(chunkAt(at), score);
    const hasCloserLook = mode === 'hybrid' && (level === 'document' || models.static !== undefined);
    const isAlone = !hasCloserLook || head.length < 2;
    if (level === 'citation') {
      const ranked = isAlone
        ? all
        : (await this.#rankPassages(query, head, look, documents, models, signal)).ranked;
      return this.#cite(query, ranked, hasCloserLook ? models.static : undefined, options);
    }
    if (isAlone) return all.slice(0, limit).map(hit);
    const { ranked, parts } =
      level === 'document'
        ? weigh(head, await this.#documentParts(query, head, look, models, signal), ranking.documentParts)
        : await this.#rankPassages(query, head, look, documents, models, signal);
    return behind(ranked, all.slice(head.length))
      .slice(0, limit)
      .map((one, i) => ({
        ...hit(one),
        ...(explain && parts[i] && { parts: parts[i], read: this.#read(chunkAt(one[0])) }),
      }));
  }

  async #firstLook(
    query: string,
    { mode = 'hybrid', signal }: SearchOptions,
    models: SearchModels,
  ): Promise<FirstLook> {
    const embedder = mode === 'lexical' ? undefined : models.static;
    if (mode === 'static' && !embedder) {
      const remedy = 'Give staticModel, or search with mode "hybrid" or "lexical".';
      throw new TriviumError('unsupported', 'There is no static model to search with.', {
        field: 'mode',
        remedy,
      });
    }
    const terms = mode === 'static' ? undefined : queryTerms(query);
    const vector = embedder && (await queryVector(embedder, query, { signal }));
    const cosines = vector && passageCosines(this.documents, vector, this.chunkCount);
    return {
      passages: {
        lexical: terms && scaleLexical(this.#lexical.scorePassages(terms, ranking.lexical)),
        static: cosines,
      },
      documents: {
        lexical: terms && scaleLexical(this.#lexical.scoreDocuments(terms, ranking.lexical)),
        best:
          cosines &&
          Float32Array.from(this.#bestChunks(cosines), (chunk) => (chunk < 0 ? 0 : cosines[chunk]!)),
        opening: vector && openingCosines(this.documents, vector),
      },
    };
  }

  #scoreDocuments({ documents: { lexical, best: top, opening } }: FirstLook): Float32Array {
    const weights = ranking.document;
    const scores = blend(
      [weights.lexical, lexical],
      [weights.best, top && scaleCosines(top)],
      [weights.opening, opening && scaleCosines(opening)],
    );
    keepMatches(scores, lexical);
    return scores.map((score, number) => (chunkCount(this.documents[number]!) === 0 ? 0 : score));
  }

  /** Passages of a document that fits as a whole go before their like elsewhere; what fits in nothing stays at 0. */
  #scorePassages({ passages }: FirstLook, documents: Float32Array): Float32Array {
    const scores =
      passages.lexical && passages.static
        ? blend(
            [ranking.passage.lexical, passages.lexical],
            [ranking.passage.static, scaleCosines(passages.static)],
          )
        : blend([1, passages.lexical], [1, passages.static && scaleCosines(passages.static)]);
    documents.forEach((score, number) => {
      for (let chunk = this.#firstChunks[number]!; chunk < this.#firstChunks[number + 1]!; chunk++) {
        if (scores[chunk]! > 0) scores[chunk]! += ranking.passage.document * score;
      }
    });
    keepMatches(scores, passages.lexical);
    return scores;
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

  /**
   * By words and static vectors; then the best of them once more, with what the ranker makes of each beside the query, and how
   * near an embedder finds the two.
   */
  async #rankPassages(
    query: string,
    chunks: readonly number[],
    look: FirstLook,
    documents: Float32Array,
    models: SearchModels,
    signal: AbortSignal | undefined,
  ): Promise<Weighed> {
    const parts = await this.#passageParts(query, chunks, look, documents, models.static!, signal);
    const found = weigh(chunks, parts, ranking.passageParts);
    const [ranker, embedder] = [await models.ranker(), await models.passages()];
    if (!ranker && !embedder) return found;
    const head = found.ranked.slice(0, ranking.rankedCandidates).map(([chunk]) => chunk);
    const answers = await ranker?.rank(query, head.map(this.#read), { signal });
    const keys = head.map((chunk): PassageKey => [this.#documentOf(chunk), this.#chunkInDocument(chunk)]);
    const cosines = embedder && (await models.vectors.passageCosines(embedder, query, keys, { signal }));
    const kept = Object.keys(parts).map((name) => [
      name,
      found.parts.slice(0, head.length).map((one) => one[name]!),
    ]);
    const again = weigh(
      head,
      { ...Object.fromEntries(kept), contextual: cosines },
      ranker ? ranking.rankedParts : ranking.passageParts,
      answers,
    );
    return {
      ranked: behind(again.ranked, found.ranked.slice(head.length)),
      parts: [...again.parts, ...found.parts.slice(head.length)],
    };
  }

  async #cite(
    query: string,
    ranked: readonly Ranked[],
    embedder: DocumentEmbedder | undefined,
    { limit = 10, explain = false, signal }: SearchOptions,
  ): Promise<SearchHit[]> {
    const found = ranked.slice(0, Math.max(limit, ranking.rankedCandidates)).map(([chunk, score]) => ({
      document: this.#documentOf(chunk),
      chunk: this.#chunkInDocument(chunk),
      score,
    }));
    const words = embedder && embedsTokens(embedder) ? embedder : undefined;
    const citations = await cite(query, found, words, { limit, signal });
    return citations.map(({ document, start, end, share, spans }) => ({
      path: document.path,
      ...placeInFile(document, start, end),
      text: document.text.slice(start, end),
      score: share,
      likely: spans
        .filter(({ isHeading }) => !isHeading)
        .sort((a, b) => b.share - a.share)
        .slice(0, ranking.likelySpans)
        .map((span) => ({
          start: span.start - start,
          end: span.end - start,
          share: span.share,
          ...(span.isCode && { isCode: true }),
        })),
      ...(explain && { spans }),
    }));
  }

  /**
   * What the passages' text says token by token, over static rows. Over contextual rows it is no better (two of 100 questions
   * more, none on another set) and takes five times as long. Left out: how many candidates are of the same document, and how
   * well those beside a passage fit; on the recipe's questions they helped, elsewhere they pushed the right page down.
   */
  async #passageParts(
    query: string,
    chunks: readonly number[],
    { passages }: FirstLook,
    documents: Float32Array,
    embedder: DocumentEmbedder,
    signal: AbortSignal | undefined,
  ): Promise<Parts> {
    const texts = chunks.map((chunk) => embeddedText(this.#documentOf(chunk), this.#chunkInDocument(chunk)));
    const words = embedsTokens(embedder)
      ? await interactionParts(embedder, query, texts, { signal })
      : undefined;
    return {
      lexical: chunks.map((chunk) => passages.lexical![chunk]!),
      static: chunks.map((chunk) => passages.static![chunk]!),
      document: chunks.map((chunk) => documents[this.#documentNumber(chunk)]!),
      ...words,
    };
  }

  /** Both models read the paragraphs that open the documents: token by token, and as a whole. */
  async #documentParts(
    query: string,
    numbers: readonly number[],
    { documents }: FirstLook,
    models: SearchModels,
    signal: AbortSignal | undefined,
  ): Promise<Parts> {
    const embedder = await models.contextual();
    const texts = numbers.map((number) => openingTexts(this.documents[number]!, ranking.openingParagraphs));
    const words = models.static;
    return {
      ...(words && embedsTokens(words) && (await openingParts(words, query, texts, { signal }))),
      lexical: numbers.map((number) => documents.lexical![number]!),
      best: documents.best && numbers.map((number) => documents.best![number]!),
      opening: documents.opening && numbers.map((number) => documents.opening![number]!),
      contextual:
        embedder &&
        (await models.vectors.openingCosines(
          embedder,
          query,
          numbers.map((number) => this.documents[number]!),
          { signal },
        )),
    };
  }

  /** Documents without passages share their first passage with the next one: the last that begins there has it. */
  #documentNumber = (chunk: number) =>
    lastAtOrBefore(this.#firstChunks.subarray(0, this.documents.length), chunk);
  #documentOf = (chunk: number) => this.documents[this.#documentNumber(chunk)]!;
  #chunkInDocument = (chunk: number) => chunk - this.#firstChunks[this.#documentNumber(chunk)]!;

  #read = (chunk: number) => readPassage(this.#documentOf(chunk), this.#chunkInDocument(chunk));

  #hit(chunk: number, score: number): SearchHit {
    const passage = passageOf(this.#documentOf(chunk), this.#chunkInDocument(chunk));
    const { path, start, end, text, line, page } = passage;
    return { path, start, end, text, score, line, ...(page !== undefined && { page }) };
  }
}
