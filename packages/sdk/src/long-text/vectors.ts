/** The little linear algebra that scoring needs. Vectors are rows of one width. */

export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

export function normalized(vector: Float32Array): Float32Array {
  const length = Math.sqrt(dot(vector, vector));
  return length > 0 ? vector.map((value) => value / length) : vector;
}

export function meanVector(vectors: readonly Float32Array[]): Float32Array {
  const mean = new Float32Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) for (let i = 0; i < mean.length; i++) mean[i]! += vector[i]! / vectors.length;
  return mean;
}

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
