/**
 * Maximal marginal relevance (Carbonell and Goldstein, 1998): again and again what has the best score, less what its
 * greatest likeness to one of those chosen before costs. Refuses to know: what is chosen, where scores come from.
 */
import { Turns } from '../documents/turns.js';

/** Words that are left open at the end rather than filled with a sentence that is longer than they are. */
const fewWords = 8;

/**
 * Indices in the order chosen, until their lengths are about `words`; of equals the first.
 * @param vectors unit vectors, (count, width)
 * @param redundancy what a likeness of 1 costs, from 0
 * @throws the abort reason of the turns
 */
export async function chooseDiverse(
  scores: readonly number[],
  vectors: readonly Float32Array[],
  lengths: readonly number[],
  words: number,
  redundancy: number,
  turns = new Turns(),
): Promise<number[]> {
  const chosen: number[] = [];
  const rest = new Rest(scores, await sparseRows(vectors, turns), redundancy);
  let total = 0;
  while (total < words) {
    await turns.next();
    const best = rest.takeBest(chosen);
    if (best === undefined) break;
    const overshoot = total + lengths[best]! - words;
    // Half of the last sentence may stand over; beyond that it is worth it only as the first one.
    if (chosen.length > 0 && overshoot > Math.max(lengths[best]! / 2, 1)) {
      if (words - total < fewWords) break;
      continue;
    }
    chosen.push(best);
    total += lengths[best]!;
  }
  return chosen;
}

/** Rows of which only what is not 0 is kept, for those of words are 0 nearly everywhere. */
interface SparseRows {
  width: number;
  /** Entries of row i lie from `offsets[i]` to `offsets[i + 1]`, by ascending column. */
  offsets: Uint32Array;
  columns: Uint32Array;
  values: Float32Array;
}

async function sparseRows(vectors: readonly Float32Array[], turns: Turns): Promise<SparseRows> {
  const offsets = new Uint32Array(vectors.length + 1);
  const columns: number[] = [];
  for (const [row, vector] of vectors.entries()) {
    for (let column = 0; column < vector.length; column++) if (vector[column] !== 0) columns.push(column);
    offsets[row + 1] = columns.length;
    await turns.next();
  }
  const values = new Float32Array(columns.length);
  for (const [row, vector] of vectors.entries()) {
    for (let at = offsets[row]!; at < offsets[row + 1]!; at++) values[at] = vector[columns[at]!]!;
    await turns.next();
  }
  return { width: vectors[0]?.length ?? 0, offsets, columns: new Uint32Array(columns), values };
}

/**
 * What is not taken yet. Values only fall, for likeness is a maximum: a value that was computed among fewer of the chosen is
 * a bound, and one that is below the best found so far need not be computed further.
 */
class Rest {
  readonly #rows: SparseRows;
  readonly #redundancy: number;
  readonly #scores: readonly number[];
  /** By falling score, which is the first bound. */
  readonly #order: number[];
  readonly #likeness: Float64Array;
  readonly #values: Float64Array;
  /** How many of the chosen a value knows. */
  readonly #known: Uint32Array;
  /** A row with its zeros. */
  readonly #row: Float32Array;

  constructor(scores: readonly number[], rows: SparseRows, redundancy: number) {
    this.#scores = scores;
    this.#rows = rows;
    this.#redundancy = redundancy;
    this.#order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b);
    this.#likeness = new Float64Array(scores.length);
    this.#values = Float64Array.from(scores);
    this.#known = new Uint32Array(scores.length);
    this.#row = new Float32Array(rows.width);
  }

  takeBest(chosen: readonly number[]): number | undefined {
    let best: number | undefined;
    let bestValue = Number.NEGATIVE_INFINITY;
    for (const i of this.#order) {
      if (this.#scores[i]! < bestValue) break;
      if (this.#values[i]! < bestValue) continue;
      if (this.#known[i]! < chosen.length) this.#learn(i, chosen, bestValue);
      const value = this.#values[i]!;
      if (value > bestValue || (value === bestValue && i < best!)) [best, bestValue] = [i, value];
    }
    if (best !== undefined) this.#order.splice(this.#order.indexOf(best), 1);
    return best;
  }

  /** Computes a value among more of the chosen: among all, or until it is below `least`. */
  #learn(i: number, chosen: readonly number[], least: number): void {
    const { offsets, columns, values } = this.#rows;
    const [from, to] = [offsets[i]!, offsets[i + 1]!];
    for (let at = from; at < to; at++) this.#row[columns[at]!] = values[at]!;
    let known = this.#known[i]!;
    while (known < chosen.length && this.#values[i]! >= least) {
      const other = chosen[known++]!;
      let likeness = 0;
      for (let at = offsets[other]!; at < offsets[other + 1]!; at++)
        likeness += values[at]! * this.#row[columns[at]!]!;
      if (likeness <= this.#likeness[i]!) continue;
      this.#likeness[i] = likeness;
      this.#values[i] = this.#scores[i]! - this.#redundancy * likeness;
    }
    this.#known[i] = known;
    for (let at = from; at < to; at++) this.#row[columns[at]!] = 0;
  }
}
