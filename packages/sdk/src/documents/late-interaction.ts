/**
 * Late interaction, as ColBERT has it: each token of the query looks for its likest one in a passage, so that a passage
 * is found by the words that answer and not by the mean of all its words. Refuses to know: documents and their order.
 */
import type { DocumentEmbedder, EmbeddedTokens } from './types.js';
import { dot, normalizedRow } from './vectors.js';

export type TokenEmbedder = Pick<Required<DocumentEmbedder>, 'embedTokens' | 'width'>;

export const embedsTokens = (embedder: DocumentEmbedder): embedder is DocumentEmbedder & TokenEmbedder =>
  embedder.embedTokens !== undefined;

/** Per passage the mean over the query's tokens of the largest cosine, heavy tokens (long rows) counting more. */
export async function lateInteraction(
  embedder: TokenEmbedder,
  query: string,
  passages: readonly string[],
  signal?: AbortSignal,
): Promise<Float32Array> {
  const options = signal ? { signal } : {};
  const asked = await embedder.embedTokens([query], { role: 'query', ...options });
  const held = await embedder.embedTokens(passages, { role: 'passage', ...options });
  const { width } = embedder;
  const wanted = Array.from({ length: asked.offsets[1]! }, (_, row) => {
    const values = asked.rows.subarray(row * width, (row + 1) * width);
    return { weight: Math.sqrt(dot(values, values)), unit: normalizedRow(asked.rows, width, row) };
  });
  const total = wanted.reduce((sum, { weight }) => sum + weight, 0) || 1;
  const units = wanted.map(({ unit }) => unit);
  return Float32Array.from(passages, (_, passage) => {
    const likest = likestCosines(units, held, passage, width);
    return likest.reduce((sum, cosine, at) => sum + wanted[at]!.weight * cosine, 0) / total;
  });
}

function likestCosines(
  wanted: readonly Float32Array[],
  { rows, offsets }: EmbeddedTokens,
  passage: number,
  width: number,
): Float32Array {
  const likest = new Float32Array(wanted.length);
  for (let row = offsets[passage]!; row < offsets[passage + 1]!; row++) {
    const values = rows.subarray(row * width, (row + 1) * width);
    const length = Math.sqrt(dot(values, values));
    if (length === 0) continue;
    for (let at = 0; at < likest.length; at++)
      likest[at] = Math.max(likest[at]!, dot(wanted[at]!, values) / length);
  }
  return likest;
}
