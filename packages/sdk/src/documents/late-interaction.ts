/**
 * What the matches of a query's tokens say of each passage. Late interaction, as ColBERT has it: each token of the query
 * looks for its likest one in a passage, so that a passage is found by the words that answer and not by the mean of all its
 * words. Beside it what that forgets: which tokens tell the passages apart, and whether matches stand close together.
 * Refuses to know: documents and their order.
 */
import {
  largest,
  type MatchOptions,
  matchTokens,
  type TokenEmbedder,
  type TokenMatches,
} from './token-matches.js';

/** Blocks that make a window, about two sentences. */
const windowBlocks = 3;
/** A token this close to one of the query counts as met. */
const met = 0.6;

/** One value a passage each. */
export interface InteractionParts {
  /** The mean over the query's tokens of the largest cosine, heavy tokens (long rows) counting more. */
  late: Float32Array;
  /** The same in the window of the passage where it is largest, tokens that many passages meet counting less. */
  window: Float32Array;
  /** The mean over neighbours in the query of how well they are met side by side, weighed as in `window`. */
  pairs: Float32Array;
}

/**
 * Values from 0 to 1; 0 where the query or the passage has no tokens.
 * @throws an abort rejects with the signal's reason; what `embedTokens` throws.
 * @example (await interactionParts(embedder, 'cancel a stream', texts)).late
 */
export async function interactionParts(
  embedder: TokenEmbedder,
  query: string,
  passages: readonly string[],
  options: MatchOptions = {},
): Promise<InteractionParts> {
  const matches = await matchTokens(embedder, query, passages, options);
  const count = matches.weights.length;
  const likest = matches.blocks.map((blocks) => largest(count, blocks));
  const telling = tellingWeights(matches.weights, likest);
  return {
    late: Float32Array.from(likest, (cosines) => weighted(matches.weights, cosines)),
    window: Float32Array.from(matches.blocks, (blocks) => bestWindow(blocks, telling)),
    pairs: Float32Array.from(matches.pairs, (cosines) => pairMean(telling, cosines)),
  };
}

/** One value a document each. */
export interface OpeningParts {
  /** As in `InteractionParts`, each token of the query looking for its likest one in all paragraphs. */
  late: Float32Array;
  /** In the paragraph where it is largest: late interaction both ways, so that a paragraph that says the same is told from one that says more. */
  mutual: Float32Array;
}

/**
 * Late interaction with the paragraphs that open documents.
 * @throws an abort rejects with the signal's reason; what `embedTokens` throws.
 */
export async function openingParts(
  embedder: TokenEmbedder,
  query: string,
  paragraphs: readonly (readonly string[])[],
  options: MatchOptions = {},
): Promise<OpeningParts> {
  const { weights, blocks, covered } = await matchTokens(embedder, query, paragraphs.flat(), options);
  const count = weights.length;
  const late = new Float32Array(paragraphs.length);
  const mutual = new Float32Array(paragraphs.length);
  let first = 0;
  paragraphs.forEach((texts, document) => {
    const likest = new Float32Array(count);
    for (let at = first; at < first + texts.length; at++) {
      const cosines = largest(count, blocks[at]!);
      cosines.forEach((cosine, token) => {
        likest[token] = Math.max(likest[token]!, cosine);
      });
      mutual[document] = Math.max(mutual[document]!, (weighted(weights, cosines) + covered[at]!) / 2);
    }
    late[document] = weighted(weights, likest);
    first += texts.length;
  });
  return { late, mutual };
}

/** Weights that grow with the share of passages in which a token is not met; they add up to 1, or to 0. */
export function tellingWeights(
  weights: TokenMatches['weights'],
  likest: readonly Float32Array[],
): Float32Array {
  const telling = weights.map((weight, at) => {
    const share = likest.filter((cosines) => cosines[at]! >= met).length / likest.length;
    return weight * (1 - share) + 1e-6;
  });
  const total = telling.reduce((sum, weight) => sum + weight, 0) || 1;
  return telling.map((weight) => weight / total);
}

function bestWindow(blocks: Float32Array, weights: Float32Array): number {
  const count = weights.length;
  let best = 0;
  for (let from = 0; from < blocks.length; from += count) {
    const to = Math.min(blocks.length, from + windowBlocks * count);
    best = Math.max(best, weighted(weights, largest(count, blocks.subarray(from, to))));
  }
  return best;
}

function pairMean(weights: Float32Array, cosines: Float32Array): number {
  let sum = 0;
  let total = 0;
  for (let at = 0; at < cosines.length; at++) {
    const weight = weights[at]! + weights[at + 1]!;
    sum += weight * cosines[at]!;
    total += weight;
  }
  return total > 0 ? sum / total : 0;
}

export function weighted(weights: Float32Array, cosines: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < weights.length; at++) sum += weights[at]! * cosines[at]!;
  return sum;
}
