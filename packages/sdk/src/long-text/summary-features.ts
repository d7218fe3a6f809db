/**
 * What makes a sentence worth quoting in a summary, as numbers that one weight each turns into a score.
 * Refuses to know: the weights, selection, where vectors come from.
 */
import { dot, meanVector, standardized } from './vectors.js';
import { terms } from './words.js';

export const featureNames = [
  'length',
  'position',
  'lead',
  'tail',
  'centrality',
  'frequency',
  'names',
  'dialogue',
  'person',
  'question',
  'querySimilarity',
  'queryTerms',
  'querySurroundings',
  'queryTermsNearby',
] as const;
export type FeatureName = (typeof featureNames)[number];

export interface FeatureInput {
  texts: readonly string[];
  words: readonly number[];
  /** Unit vectors of the texts. */
  vectors: readonly Float32Array[];
  query?: { text: string; vector: Float32Array };
}

/** One row of features a sentence, in the order of `featureNames`; query features are 0 without a query. */
export function sentenceFeatures({ texts, words, vectors, query }: FeatureInput): number[][] {
  const count = texts.length;
  const bags = texts.map((text) => terms(text));
  const centre = meanVector(vectors);
  const centrality = standardized(vectors.map((vector) => dot(vector, centre)));
  const frequency = standardized(termFrequency(bags));
  const zeros = texts.map(() => 0);
  const similarity = query ? standardized(vectors.map((vector) => dot(vector, query.vector))) : zeros;
  const overlap = query ? queryOverlap(bags, terms(query.text)) : zeros;
  const surroundings = query ? standardized(nearby(similarity)) : zeros;
  const overlapNearby = nearby(overlap);
  return texts.map((text, i) => [
    Math.min(words[i]!, 40) / 40,
    1 - i / Math.max(1, count - 1),
    Math.exp(-i / 10),
    Math.exp(-(count - 1 - i) / 10),
    centrality[i]!,
    frequency[i]!,
    nameShare(text, words[i]!),
    /["“”「」]/u.test(text) ? 1 : 0,
    Math.min(
      1,
      ((text.match(/\b(?:I|me|my|we|us|our|you|your)\b|[我你您咱]/gu)?.length ?? 0) / words[i]!) * 5,
    ),
    /[?？؟]["”」]?$/u.test(text) ? 1 : 0,
    similarity[i]!,
    overlap[i]!,
    surroundings[i]!,
    overlapNearby[i]!,
  ]);
}

function termFrequency(bags: readonly string[][]): number[] {
  const counts = new Map<string, number>();
  for (const bag of bags) for (const term of new Set(bag)) counts.set(term, (counts.get(term) ?? 0) + 1);
  return bags.map((bag) => {
    const own = new Set(bag);
    let sum = 0;
    for (const term of own) sum += Math.log(counts.get(term)!);
    return sum / Math.max(4, own.size);
  });
}

/** The share of the query's terms that a sentence holds, rare terms counting more. */
function queryOverlap(bags: readonly string[][], asked: readonly string[]): number[] {
  const sets = bags.map((bag) => new Set(bag));
  const distinct = [...new Set(asked)];
  const weights = distinct.map((term) => {
    const having = sets.filter((set) => set.has(term)).length;
    return having === 0 ? 0 : Math.log(1 + bags.length / having);
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0) || 1;
  return sets.map(
    (set) => distinct.reduce((sum, term, i) => sum + (set.has(term) ? weights[i]! : 0), 0) / total,
  );
}

function nearby(values: readonly number[]): number[] {
  return values.map((_, i) => {
    let sum = 0;
    for (let offset = -3; offset <= 3; offset++)
      if (offset !== 0) sum += (values[i + offset] ?? 0) / Math.abs(offset);
    return sum;
  });
}

function nameShare(text: string, words: number): number {
  const capitalised = text.match(/(?<=[\p{Ll},;] )\p{Lu}\p{Ll}+/gu)?.length ?? 0;
  return Math.min(1, capitalised / Math.max(5, words));
}
