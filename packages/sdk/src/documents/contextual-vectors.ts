/**
 * Vectors of the contextual embedder, which are too slow to be made of everything: of the passages and of the paragraphs that
 * open documents, made when a search first looks at them and then kept in 8 bits, for as long as their document is: by the
 * array of its passages, which it keeps under another path or time.
 */
import { embeddedText, type IndexedDocument, openingTexts, type PassageVectors } from './indexed-document.js';
import { ranking } from './ranking.js';
import type { DocumentEmbedder } from './types.js';
import { largestCosine, packVectors, queryVector } from './vectors.js';

/** A passage of a document, by its number there. */
export type PassageKey = readonly [document: IndexedDocument, chunk: number];

interface Options {
  signal?: AbortSignal | undefined;
}

export class ContextualVectors {
  readonly #openings = new WeakMap<Int32Array, PassageVectors>();
  readonly #passages = new WeakMap<Int32Array, Map<number, PassageVectors>>();

  /** Per document the largest cosine of a query with a paragraph that opens it. */
  async openingCosines(
    embedder: DocumentEmbedder,
    query: string,
    documents: readonly IndexedDocument[],
    options: Options = {},
  ): Promise<Float32Array> {
    const missing = documents.filter(({ chunks }) => !this.#openings.has(chunks));
    const texts = missing.map((document) => openingTexts(document, ranking.openingParagraphs));
    for (const [at, vectors] of (await vectorsOf(embedder, texts, options)).entries())
      this.#openings.set(missing[at]!.chunks, vectors);
    const asked = await queryVector(embedder, query, options);
    return Float32Array.from(documents, ({ chunks }) => largestCosine(this.#openings.get(chunks)!, asked));
  }

  /** Per passage the cosine of a query with it under its headings. */
  async passageCosines(
    embedder: DocumentEmbedder,
    query: string,
    passages: readonly PassageKey[],
    options: Options = {},
  ): Promise<Float32Array> {
    const missing = passages.filter(([{ chunks }, chunk]) => !this.#passages.get(chunks)?.has(chunk));
    const texts = missing.map(([document, chunk]) => [embeddedText(document, chunk)]);
    for (const [at, vectors] of (await vectorsOf(embedder, texts, options)).entries()) {
      const [{ chunks }, chunk] = missing[at]!;
      if (!this.#passages.has(chunks)) this.#passages.set(chunks, new Map());
      this.#passages.get(chunks)!.set(chunk, vectors);
    }
    const asked = await queryVector(embedder, query, options);
    return Float32Array.from(passages, ([{ chunks }, chunk]) =>
      largestCosine(this.#passages.get(chunks)!.get(chunk)!, asked),
    );
  }
}

/** Of each group of texts. */
async function vectorsOf(
  embedder: DocumentEmbedder,
  groups: readonly string[][],
  { signal }: Options,
): Promise<PassageVectors[]> {
  if (groups.length === 0) return [];
  const { embeddings } = await embedder.embed(groups.flat(), { role: 'passage', ...(signal && { signal }) });
  let row = 0;
  return groups.map(({ length }) => {
    const vectors = packVectors(embeddings, embedder.width, Int32Array.of(0, length), row);
    row += length;
    return vectors;
  });
}
