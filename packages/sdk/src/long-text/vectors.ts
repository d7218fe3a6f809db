/** The little statistics that scoring needs, and vectors where there is no embedding model: rows of one width. */
import type { Turns } from '../documents/turns.js';
import { normalized } from '../documents/vectors.js';

/** Values shifted to mean 0 and scaled to deviation 1; equal values become 0. */
export function standardized(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length);
  const deviation = Math.sqrt(variance);
  return values.map((value) => (deviation > 1e-9 ? (value - mean) / deviation : 0));
}

/** Hashed bags of terms as vectors: what stands in where there is no embedding model. */
export function lexicalVector(terms: readonly string[], weightOf: (term: string) => number): Float32Array {
  const vector = new Float32Array(512);
  for (const term of terms) {
    let hash = 2166136261;
    for (let i = 0; i < term.length; i++) hash = Math.imul(hash ^ term.charCodeAt(i), 16777619);
    vector[(hash >>> 0) % 512]! += weightOf(term);
  }
  return normalized(vector);
}

/**
 * Such a vector of each bag, rare terms weighing more; and what terms weigh, for vectors of other bags beside them.
 * @throws the abort reason of the turns
 */
export async function lexicalRows(bags: readonly (readonly string[])[], turns: Turns) {
  const having = new Map<string, number>();
  for (const bag of bags) {
    for (const term of new Set(bag)) having.set(term, (having.get(term) ?? 0) + 1);
    await turns.next();
  }
  const weightOf = (term: string) => Math.log(1 + bags.length / (having.get(term) ?? bags.length));
  return { rows: await turns.map(bags, (bag) => lexicalVector(bag, weightOf)), weightOf };
}
