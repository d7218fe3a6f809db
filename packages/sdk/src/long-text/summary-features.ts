/**
 * What makes a sentence worth quoting in a summary, as numbers that one weight each turns into a score.
 * Refuses to know: the weights, selection, where vectors come from.
 */
import { Turns } from '../documents/turns.js';
import { dot } from '../documents/vectors.js';
import { standardized } from './vectors.js';
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
  /** Of each text, by `terms`, where the caller has them. */
  terms?: readonly (readonly string[])[];
  /** Unit vectors of the texts. */
  vectors: readonly Float32Array[];
  query?: { text: string; vector: Float32Array };
}

/**
 * One row of features a sentence, in the order of `featureNames`; query features are 0 without a query.
 * @throws the abort reason of the turns
 */
export async function sentenceFeatures(
  { texts, words, terms: given, vectors, query }: FeatureInput,
  turns = new Turns(),
): Promise<number[][]> {
  const count = texts.length;
  const bags = await turns.map(texts, (text, i) => new Set(given?.[i] ?? terms(text)));
  const centre = await meanVector(vectors, turns);
  const centrality = standardized(await turns.map(vectors, (vector) => dot(vector, centre)));
  const frequency = standardized(await termFrequency(bags, turns));
  const zeros = texts.map(() => 0);
  const similarity = query
    ? standardized(await turns.map(vectors, (vector) => dot(vector, query.vector)))
    : zeros;
  const overlap = query ? await queryOverlap(bags, terms(query.text), turns) : zeros;
  const surroundings = query ? standardized(nearby(similarity)) : zeros;
  const overlapNearby = nearby(overlap);
  return turns.map(texts, (text, i) => [
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

async function meanVector(vectors: readonly Float32Array[], turns: Turns): Promise<Float32Array> {
  const mean = new Float32Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) {
    for (let i = 0; i < mean.length; i++) mean[i]! += vector[i]! / vectors.length;
    await turns.next();
  }
  return mean;
}

async function termFrequency(bags: readonly Set<string>[], turns: Turns): Promise<number[]> {
  const counts = new Map<string, number>();
  for (const bag of bags) {
    for (const term of bag) counts.set(term, (counts.get(term) ?? 0) + 1);
    await turns.next();
  }
  return turns.map(bags, (bag) => {
    let sum = 0;
    for (const term of bag) sum += Math.log(counts.get(term)!);
    return sum / Math.max(4, bag.size);
  });
}

/** The share of the query's terms that a sentence holds, rare terms counting more. */
async function queryOverlap(
  bags: readonly Set<string>[],
  asked: readonly string[],
  turns: Turns,
): Promise<number[]> {
  const distinct = [...new Set(asked)];
  const weights = await turns.map(distinct, (term) => {
    const having = bags.filter((bag) => bag.has(term)).length;
    return having === 0 ? 0 : Math.log(1 + bags.length / having);
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0) || 1;
  return turns.map(
    bags,
    (bag) => distinct.reduce((sum, term, i) => sum + (bag.has(term) ? weights[i]! : 0), 0) / total,
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
