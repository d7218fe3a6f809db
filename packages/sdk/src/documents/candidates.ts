/**
 * Orders the best candidates of a search once more, by parts that are too slow to be asked of everything. A part has one
 * value a candidate; parts are scaled to mean 0 and deviation 1 among the candidates, so that none decides by its scale
 * alone. Knows no documents.
 */

/** Values by the part's name, in the order of the candidates; a part that could not be had is not there. */
export type Parts = Readonly<Record<string, ArrayLike<number> | undefined>>;

/** Something in the index, by its number, and its score. */
export type Ranked = readonly [at: number, score: number];

export interface Weighed {
  ranked: Ranked[];
  /** Of each candidate in the new order, as they were before scaling. */
  parts: Record<string, number>[];
}

/**
 * `head` by the weighted sum of its parts, best first; equal sums keep their order. `answers`, one logit each, are added as
 * they are: their scale was learned together with the weights.
 */
export function weigh(
  head: readonly number[],
  parts: Parts,
  weights: Readonly<Record<string, number>>,
  answers?: Float32Array,
): Weighed {
  const names = Object.keys(weights).filter((name) => parts[name] !== undefined);
  const sums = answers ? Float64Array.from(answers) : new Float64Array(head.length);
  for (const name of names) {
    scaled(parts[name]!).forEach((value, i) => {
      sums[i]! += weights[name]! * value;
    });
  }
  const order = [...head.keys()].sort((a, b) => sums[b]! - sums[a]! || a - b);
  return {
    ranked: order.map((i): Ranked => [head[i]!, sums[i]!]),
    parts: order.map((i) => ({
      ...Object.fromEntries(names.map((name) => [name, parts[name]![i]!])),
      ...(answers && { answers: answers[i]! }),
    })),
  };
}

/** What was not looked at again stays in its order behind the rest. */
export function behind(ranked: readonly Ranked[], rest: readonly Ranked[]): Ranked[] {
  const drop = (rest[0]?.[1] ?? 0) - (ranked.at(-1)?.[1] ?? 0);
  return [...ranked, ...rest.map(([at, score]): Ranked => [at, score - drop])];
}

function scaled(values: ArrayLike<number>): number[] {
  const list = Array.from(values);
  const mean = list.reduce((sum, value) => sum + value, 0) / Math.max(1, list.length);
  const deviation = Math.sqrt(
    list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, list.length),
  );
  return list.map((value) => (deviation > 1e-6 ? (value - mean) / deviation : 0));
}
