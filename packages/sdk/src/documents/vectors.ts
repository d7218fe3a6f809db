/** Vectors in 8 bits, and their cosines with a query. */
import type { IndexedDocument, PassageVectors } from './indexed-document.js';
import type { DocumentEmbedder } from './types.js';

/** The rows of one document, from row `from` of float32 embeddings on, normalised and rounded. */
export function packVectors(
  embeddings: Float32Array,
  width: number,
  rows: Int32Array,
  from: number,
): PassageVectors {
  const to = from + rows.at(-1)!;
  const values = new Int8Array((to - from) * width);
  const scales = new Float32Array(to - from);
  for (let row = from; row < to; row++) {
    let squares = 0;
    let largest = 0;
    for (let at = row * width; at < (row + 1) * width; at++) {
      const value = embeddings[at]!;
      squares += value * value;
      largest = Math.max(largest, Math.abs(value));
    }
    if (squares === 0 || !Number.isFinite(squares)) continue;
    const step = largest / 127;
    for (let at = 0; at < width; at++)
      values[(row - from) * width + at] = Math.round(embeddings[row * width + at]! / step);
    scales[row - from] = step / Math.sqrt(squares);
  }
  return { rows, values, scales, width };
}

/** A copy of one row with length 1; zeros stay zeros. */
export const normalizedRow = (embeddings: Float32Array, width: number, row: number) =>
  normalized(embeddings.slice(row * width, (row + 1) * width));

/** With length 1; zeros stay zeros. */
export function normalized(vector: Float32Array): Float32Array {
  const length = Math.sqrt(dot(vector, vector));
  return length > 0 ? vector.map((value) => value / length) : vector;
}

/** Of a query, with length 1. */
export async function queryVector(
  embedder: DocumentEmbedder,
  query: string,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<Float32Array> {
  const { embeddings } = await embedder.embed([query], { role: 'query', ...(signal && { signal }) });
  return normalizedRow(embeddings, embedder.width, 0);
}

export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}

/** Per passage of all documents, the largest cosine of its vectors with a query of length 1. */
export function passageCosines(
  documents: readonly IndexedDocument[],
  query: Float32Array,
  count: number,
): Float32Array {
  const cosines = new Float32Array(count);
  let chunk = 0;
  for (const { vectors, terms } of documents) {
    const passages = terms.lengths.length;
    for (let passage = 0; vectors && passage < passages; passage++) {
      const { [passage]: from, [passage + 1]: to } = vectors.rows;
      cosines[chunk + passage] = largestCosine(vectors, query, from, to);
    }
    chunk += passages;
  }
  return cosines;
}

/** Per document, the largest cosine with one of the paragraphs that open it: what a page says of itself. */
export function openingCosines(documents: readonly IndexedDocument[], query: Float32Array): Float32Array {
  return Float32Array.from(documents, ({ vectors }) => {
    if (!vectors) return 0;
    const [from, to] = vectors.rows.subarray(-2) as unknown as [number, number];
    return largestCosine(vectors, query, from, to);
  });
}

/** The largest cosine of the rows, or of those from `from` to before `to`, with a query of length 1; -1 without rows. */
export function largestCosine(
  vectors: PassageVectors,
  query: Float32Array,
  from = 0,
  to = vectors.scales.length,
): number {
  let best = -1;
  for (let row = from; row < to; row++) best = Math.max(best, rowDot(vectors, row, query));
  return best;
}

function rowDot({ values, scales, width }: PassageVectors, row: number, query: Float32Array): number {
  let sum = 0;
  for (let at = 0, from = row * width; at < width; at++) sum += values[from + at]! * query[at]!;
  return sum * scales[row]!;
}
