/** Where a text has begun to say the same again and again, as small models do. Refuses to know: who wrote it. */

/** Words, and what stands between them, of what is repeated; at most. */
const longestUnit = 80;
/** As often and as long must it be said again before it counts. Rules of tables never do. */
interface Least {
  times: number;
  words: number;
}
/** Refrains repeat themselves too. */
const endless: Least = { times: 4, words: 24 };
/** For what is suspect already: a text in which no sentence ends. */
export const brief: Least = { times: 2, words: 12 };
/** Characters from the end that are looked at. */
const looked = 4000;

const pieces = /\p{Script=Han}|[\p{L}\p{N}]+|[^\s\p{L}\p{N}]+/gu;
const isWord = (piece: string) => /[\p{L}\p{N}]/u.test(piece);

/** Behind the first time that the unit is said which fills the end of the text; nothing where none does. */
export function loopStart(text: string, least = endless): number | undefined {
  const from = Math.max(0, text.length - looked);
  const found = [...text.slice(from).matchAll(pieces)];
  // The last one may still be written.
  found.pop();
  const last = found.length - 1;
  for (let unit = 1; unit <= longestUnit && unit <= last; unit += 1) {
    let [same, words] = [0, 0];
    while (same + unit <= last && found[last - same]![0] === found[last - same - unit]![0]) {
      if (isWord(found[last - same]![0])) words += 1;
      same += 1;
    }
    if (words >= least.words && same >= least.times * unit) {
      const first = found[last - same]!;
      return from + first.index + first[0].length;
    }
  }
  return undefined;
}
