/**
 * How well each token of a query is met in each of some passages: the cosines that late interaction and the other parts of
 * the second look are made of, computed once. Rows that are the same (a static model has one row a token, wherever it
 * stands) are compared once. Refuses to know: documents, their order, what a match is worth.
 */
import type { DocumentEmbedder, EmbeddedTokens } from './types.js';
import { dot, normalizedRow } from './vectors.js';

export type TokenEmbedder = Pick<Required<DocumentEmbedder>, 'embedTokens' | 'width'>;

export const embedsTokens = (embedder: DocumentEmbedder): embedder is DocumentEmbedder & TokenEmbedder =>
  embedder.embedTokens !== undefined;

/** Tokens of a passage whose best matches are kept together, about a clause. */
export const blockTokens = 16;

/**
 * Tokens of a query that are matched at most: several times what any ranker reads of it. Those behind them weigh and match
 * nothing, for the time of a search grows with the matched ones.
 */
export const mostQueryTokens = 128;

export interface TokenMatches {
  /** What share of the query each of its tokens is: long rows are heavy tokens. They add up to 1, or to 0. */
  weights: Float32Array;
  /** Per passage, the largest cosine of each token of the query in each of its blocks: (blocks, tokens of the query). */
  blocks: Float32Array[];
  /**
   * Per passage, for each token of the query but the last: how well it and the next one are met side by side, by the lesser
   * cosine of the two.
   */
  pairs: Float32Array[];
  /** Per passage, the largest cosine of each of its tokens with one of the query; 0 where none is above it. */
  best: Float32Array[];
  /** Per passage, the mean over its own tokens of those, heavy tokens counting more. */
  covered: number[];
}

export interface MatchOptions {
  signal?: AbortSignal | undefined;
  /** Matches of so many passages are found in one turn of the event loop; default: all. */
  passagesAtOnce?: number;
}

/** @throws an abort rejects with the signal's reason; what `embedTokens` throws. */
export async function matchTokens(
  embedder: TokenEmbedder,
  query: string,
  passages: readonly string[],
  { signal, passagesAtOnce = Number.POSITIVE_INFINITY }: MatchOptions = {},
): Promise<TokenMatches> {
  const found = await matchInOneTurn(embedder, query, passages.slice(0, passagesAtOnce), signal);
  for (let at = passagesAtOnce; at < passages.length; at += passagesAtOnce) {
    const more = await matchInOneTurn(embedder, query, passages.slice(at, at + passagesAtOnce), signal);
    found.blocks.push(...more.blocks);
    found.pairs.push(...more.pairs);
    found.best.push(...more.best);
    found.covered.push(...more.covered);
  }
  return found;
}

async function matchInOneTurn(
  embedder: TokenEmbedder,
  query: string,
  passages: readonly string[],
  signal: AbortSignal | undefined,
): Promise<TokenMatches> {
  const options = signal ? { signal } : {};
  const asked = await embedder.embedTokens([query], { role: 'query', ...options });
  const held = await embedder.embedTokens(passages, { role: 'passage', ...options });
  const { width } = embedder;
  const count = asked.offsets[1]!;
  const matched = Math.min(count, mostQueryTokens);
  const lengths = Float32Array.from({ length: count }, (_, row) => {
    if (row >= matched) return 0;
    const values = asked.rows.subarray(row * width, (row + 1) * width);
    return Math.sqrt(dot(values, values));
  });
  const total = lengths.reduce((sum, length) => sum + length, 0) || 1;
  const wanted = Array.from({ length: matched }, (_, row) => normalizedRow(asked.rows, width, row));
  const cosines = cosinesOf(wanted, held, width);
  const spans = passages.map((_, at) => [held.offsets[at]!, held.offsets[at + 1]!] as const);
  const best = spans.map(([from, to]) => tokenMaxima(cosines, from, to));
  return {
    weights: lengths.map((length) => length / total),
    blocks: spans.map(([from, to]) => blockMaxima(cosines, from, to, count)),
    pairs: spans.map(([from, to]) => pairMaxima(cosines, from, to, count)),
    best,
    covered: spans.map(([from], at) => coveredShare(cosines, from, best[at]!)),
  };
}

/** Cosines of distinct rows with the wanted ones, (distinct, wanted), their lengths, and which of them each row is. */
interface Cosines {
  values: Float32Array;
  wanted: number;
  lengths: Float32Array;
  slots: Int32Array;
}

function cosinesOf(
  wanted: readonly Float32Array[],
  { rows, offsets }: EmbeddedTokens,
  width: number,
): Cosines {
  const { slots, first } = distinctRows(rows, offsets.at(-1)!, width);
  const values = new Float32Array(first.length * wanted.length);
  const lengths = new Float32Array(first.length);
  first.forEach((row, slot) => {
    const one = rows.subarray(row * width, (row + 1) * width);
    const length = Math.sqrt(dot(one, one));
    lengths[slot] = length;
    if (length === 0) return;
    for (let at = 0; at < wanted.length; at++)
      values[slot * wanted.length + at] = dot(wanted[at]!, one) / length;
  });
  return { values, wanted: wanted.length, lengths, slots };
}

/** Which distinct row each row is, and where each of these stands first. */
function distinctRows(
  rows: Float32Array,
  count: number,
  width: number,
): { slots: Int32Array; first: number[] } {
  const slots = new Int32Array(count);
  const first: number[] = [];
  const alike = new Map<number, number[]>();
  const same = (a: number, b: number) => {
    for (let at = 0; at < width; at++) if (rows[a * width + at] !== rows[b * width + at]) return false;
    return true;
  };
  for (let row = 0; row < count; row++) {
    const key = rows[row * width]!;
    const known = alike.get(key) ?? [];
    let slot = known.find((one) => same(first[one]!, row));
    if (slot === undefined) {
      slot = first.push(row) - 1;
      alike.set(key, [...known, slot]);
    }
    slots[row] = slot;
  }
  return { slots, first };
}

function blockMaxima(
  { values, wanted, slots }: Cosines,
  from: number,
  to: number,
  count: number,
): Float32Array {
  const maxima = new Float32Array(Math.ceil((to - from) / blockTokens) * count);
  for (let row = from; row < to; row++) {
    const block = Math.floor((row - from) / blockTokens) * count;
    const slot = slots[row]! * wanted;
    for (let at = 0; at < wanted; at++)
      if (values[slot + at]! > maxima[block + at]!) maxima[block + at] = values[slot + at]!;
  }
  return maxima;
}

function pairMaxima(
  { values, wanted, slots }: Cosines,
  from: number,
  to: number,
  count: number,
): Float32Array {
  const maxima = new Float32Array(Math.max(0, count - 1));
  for (let row = from; row + 1 < to; row++) {
    const here = slots[row]! * wanted;
    const next = slots[row + 1]! * wanted;
    for (let at = 0; at + 1 < wanted; at++) {
      const both = Math.min(values[here + at]!, values[next + at + 1]!);
      if (both > maxima[at]!) maxima[at] = both;
    }
  }
  return maxima;
}

function tokenMaxima({ values, wanted, slots }: Cosines, from: number, to: number): Float32Array {
  const maxima = new Float32Array(to - from);
  for (let row = from; row < to; row++) {
    const slot = slots[row]! * wanted;
    for (let at = 0; at < wanted; at++)
      if (values[slot + at]! > maxima[row - from]!) maxima[row - from] = values[slot + at]!;
  }
  return maxima;
}

function coveredShare({ lengths, slots }: Cosines, from: number, best: Float32Array): number {
  let sum = 0;
  let total = 0;
  for (let at = 0; at < best.length; at++) {
    const length = lengths[slots[from + at]!]!;
    sum += length * best[at]!;
    total += length;
  }
  return total > 0 ? sum / total : 0;
}

/** The largest cosine of each of a query's `count` tokens in blocks of one or several texts; 0 where none is above it. */
export function largest(count: number, ...texts: readonly Float32Array[]): Float32Array {
  const cosines = new Float32Array(count);
  for (const blocks of texts)
    for (let at = 0; at < blocks.length; at++)
      cosines[at % count] = Math.max(cosines[at % count]!, blocks[at]!);
  return cosines;
}
