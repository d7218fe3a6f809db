/** What the other candidates of a search say of a passage: its neighbours in the document, and how many there are of it. */

/** One value a candidate each. */
export interface NeighbourParts {
  /** The largest score of the passages right before and after, where they are candidates too; the least of all otherwise. */
  near: Float32Array;
  /** Other candidates of the same document. */
  siblings: Float32Array;
}

/**
 * @param chunks numbers of passages, consecutive within a document.
 * @example neighbourParts([4, 5, 9], () => 0, scores).siblings // [2, 2, 2]
 */
export function neighbourParts(
  chunks: readonly number[],
  documentOf: (chunk: number) => number,
  scores: Float32Array,
): NeighbourParts {
  const least = scores.reduce((sum, score) => Math.min(sum, score), Number.POSITIVE_INFINITY);
  const place = new Map(chunks.map((chunk, at) => [chunk, at]));
  const documents = chunks.map(documentOf);
  const scoreOf = (chunk: number, document: number) => {
    const at = place.get(chunk);
    return at !== undefined && documents[at] === document ? scores[at]! : least;
  };
  return {
    near: Float32Array.from(chunks, (chunk, at) =>
      Math.max(scoreOf(chunk - 1, documents[at]!), scoreOf(chunk + 1, documents[at]!)),
    ),
    siblings: Float32Array.from(documents, (one) => documents.filter((other) => other === one).length - 1),
  };
}
