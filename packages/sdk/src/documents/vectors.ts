/** Static vectors of passages in 8 bits, and their cosines with a query. */
import type { IndexedDocument, PassageVectors } from './indexed-document.js';

/** Rows [from, to) of float32 embeddings, normalised and rounded. */
export function packVectors(
  embeddings: Float32Array,
  width: number,
  from: number,
  to: number,
): PassageVectors {
  const values = new Int8Array((to - from) * width);
  const scales = new Float32Array(to - from);
  for (let row = from; row < to; row++) {
    let squares = 0;
    let largest = 0;
    for (let at = row * width; at < (row + 1) * width; at++) {
      squares += embeddings[at]! ** 2;
      largest = Math.max(largest, Math.abs(embeddings[at]!));
    }
    if (squares === 0 || !Number.isFinite(squares)) continue;
    const step = largest / 127;
    for (let at = 0; at < width; at++)
      values[(row - from) * width + at] = Math.round(embeddings[row * width + at]! / step);
    scales[row - from] = step / Math.sqrt(squares);
  }
  return { values, scales, width };
}

/** A copy of one row with length 1; zeros stay zeros. */
export function normalizedRow(embeddings: Float32Array, width: number, row: number): Float32Array {
  const values = embeddings.slice(row * width, (row + 1) * width);
  const length = Math.sqrt(dot(values, values));
  return length > 0 ? values.map((value) => value / length) : values;
}

export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}

/** Cosine of each passage of all documents with a query of length 1. */
export function passageCosines(
  documents: readonly IndexedDocument[],
  query: Float32Array,
  count: number,
): Float32Array {
  const cosines = new Float32Array(count);
  let chunk = 0;
  for (const { vectors, terms } of documents) {
    const rows = terms.lengths.length;
    if (vectors) for (let row = 0; row < rows; row++) cosines[chunk + row] = rowDot(vectors, row, query);
    chunk += rows;
  }
  return cosines;
}

/** Cosine of each document's mean passage with the query. */
export function documentCosines(documents: readonly IndexedDocument[], query: Float32Array): Float32Array {
  return Float32Array.from(documents, ({ vectors }) => {
    if (!vectors) return 0;
    const mean = new Float32Array(vectors.width);
    for (let row = 0; row < vectors.scales.length; row++) {
      for (let at = 0; at < mean.length; at++)
        mean[at]! += vectors.values[row * mean.length + at]! * vectors.scales[row]!;
    }
    const length = Math.sqrt(dot(mean, mean));
    return length > 0 ? dot(mean, query) / length : 0;
  });
}

function rowDot({ values, scales, width }: PassageVectors, row: number, query: Float32Array): number {
  let sum = 0;
  for (let at = 0, from = row * width; at < width; at++) sum += values[from + at]! * query[at]!;
  return sum * scales[row]!;
}
