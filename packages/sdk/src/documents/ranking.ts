/** How scores of words, static vectors and the contextual embedder become one: every weight of search is in this file. */
import type { LexicalWeights, QueryTerm } from './lexical-index.js';
import { scanTerms, TermList } from './terms.js';

export const ranking = {
  lexical: { k1: 1.2, b: 0.6, headingBoost: 1.5 } satisfies LexicalWeights,
  /** What a term of the query weighs: word, part of an identifier, pair of Chinese characters, single character. */
  termWeights: [1, 0.5, 1, 0.25],
  passage: { lexical: 0.6, static: 0.3, document: 0.3 },
  document: { lexical: 0.2, best: 0.5, opening: 0.3 },
  /** Best passages or documents that are looked at again. */
  candidates: 48,
  /**
   * What orders the candidates, each part scaled among them; learned by `apps/bench/learn-ranking.mjs`, but for what a named
   * embedder says of the best of them.
   */
  passageParts: {
    lexical: 0.42,
    static: 0.29,
    document: 0.37,
    late: 0.31,
    window: 0.7,
    pairs: 0.21,
    contextual: 0.7,
  },
  /** Best passages that the ranker reads together with the query. */
  rankedCandidates: 24,
  /** As `passageParts`, beside the ranker's logit; `export_rank.py` of nano's recipe prints them. */
  rankedParts: {
    lexical: 0.15,
    static: 0.16,
    document: 0.17,
    window: 0.58,
    pairs: 0.25,
    /** Of an embedder that was named; fitted with the real MiniLM, to the same questions. */
    contextual: 0.7,
  },
  /** What makes a span likely, as the logarithm of its share; learned by `apps/bench/learn-citations.mjs`. */
  spanParts: {
    passage: 0.32,
    inside: 0.71,
    rank: -0.43,
    after: 0.2,
    ahead: 0.17,
    document: 0.26,
    own: 5.14,
    exact: -6.53,
    before: 1.67,
    headed: 2.96,
    covered: 1.52,
    length: -0.17,
    heading: -3.24,
    code: -0.41,
    list: 0.39,
    table: 1.5,
    opens: -1.27,
    depth: -0.31,
    asks: -1.15,
    howDigits: -0.48,
    howNames: 0.52,
    howCode: 1.35,
    numberDigits: 2.67,
    whyNames: -0.9,
    whyCode: -2.89,
    whetherDigits: -0.48,
    whetherDenies: 1.54,
    ownShare: 2.92,
    headedShare: 2.27,
  } as Record<string, number>,
  /** Spans of a citation that are named as its answers. */
  likelySpans: 3,
  documentParts: { late: 0.89, mutual: 0.99, lexical: 0.28, best: 0.64, opening: 0.6, contextual: 0.7 },
  /** Paragraphs at the beginning of a document that speak for it. */
  openingParagraphs: 5,
};

/** The query's distinct terms with their weights. */
export function queryTerms(query: string): QueryTerm[] {
  const list = new TermList();
  scanTerms(query, 0, query.length, list);
  const weights = new Map<number, number>();
  for (let at = 0; at < list.length; at++) {
    const hash = list.hashes[at]!;
    weights.set(hash, Math.max(weights.get(hash) ?? 0, ranking.termWeights[list.kinds[at]!]!));
  }
  return [...weights].map(([hash, weight]) => ({ hash, weight }));
}

/** Lexical shares, largest about the root of the best coverage: a query that shares few words leans on its vectors. */
export function scaleLexical(shares: Float32Array): Float32Array {
  const best = shares.reduce((most, share) => Math.max(most, share), 0);
  const divisor = Math.sqrt(best);
  return best > 0 ? shares.map((share) => share / divisor) : shares;
}

/** Cosines so that the mean becomes 0 and the best 1. */
export function scaleCosines(cosines: Float32Array): Float32Array {
  if (cosines.length === 0) return cosines;
  const mean = cosines.reduce((sum, cosine) => sum + cosine, 0) / cosines.length;
  const span = cosines.reduce((most, cosine) => Math.max(most, cosine), -1) - mean;
  return cosines.map((cosine) => (span > 1e-6 ? (cosine - mean) / span : 1));
}

/** Weighted sum of rows of equal length; rows that are not there count nothing. */
export function blend(...parts: [weight: number, scores: Float32Array | undefined][]): Float32Array {
  const sum = new Float32Array(parts.find(([, scores]) => scores)?.[1]?.length ?? 0);
  for (const [weight, scores] of parts)
    if (scores) for (let at = 0; at < sum.length; at++) sum[at]! += weight * scores[at]!;
  return sum;
}

/** What holds words of the query is found, if last, also where its vectors are the farthest of a few. */
export function keepMatches(scores: Float32Array, lexical: Float32Array | undefined): void {
  lexical?.forEach((share, at) => {
    if (share > 0 && !(scores[at]! > 0)) scores[at] = 1e-6 * share;
  });
}

/** Indices of the largest scores above 0, best first; equal scores keep their order. */
export function best(scores: Float32Array, limit: number): number[] {
  const above: number[] = [];
  for (let at = 0; at < scores.length; at++) if (scores[at]! > 0) above.push(at);
  return above.sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, limit);
}
