/** Contextual vectors of the paragraphs that open documents, made when a search first asks for them and then kept. */
import { type IndexedDocument, openingTexts } from './indexed-document.js';
import { ranking } from './ranking.js';
import type { DocumentEmbedder } from './types.js';
import { dot, normalizedRow } from './vectors.js';

export type OpeningVectors = WeakMap<IndexedDocument, Float32Array[]>;

/** Per document the largest cosine of a query's unit vector with a paragraph that opens it. */
export async function openingCosines(
  embedder: DocumentEmbedder,
  query: Float32Array,
  documents: readonly IndexedDocument[],
  openings: OpeningVectors,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const missing = documents.filter((document) => !openings.has(document));
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
  return Float32Array.from(documents, (document) =>
    openings.get(document)!.reduce((most, vector) => Math.max(most, dot(query, vector)), -1),
  );
}
