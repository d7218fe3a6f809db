/**
 * What a glob asks for, as patterns that are matched in a time nobody notices: a matcher tries the places of each `*` against
 * those of all others in the same name, and of each `**` against all other folders, so they are counted; braces are written
 * out, and what a matcher would take for a group or a repetition stands for itself. Knows no files.
 */
import { TriviumError } from '@trivium/protocol/errors';

/** Of `*` in one name, and of `**` in all. */
const mostStars = 3;
/** What braces may be written out to. */
const mostAlternatives = 100;

export const isGlob = /[*?[{]/;

/**
 * @param glob with `/` between names
 * @param from where in it the patterns begin: what stands before is the folder that they are looked for in
 * @throws TriviumError `invalid-argument` for more stars or alternatives than are matched
 */
export function globPatterns(glob: string, from = 0): string[] {
  const names = glob.slice(from);
  const patterns = writtenOut(names);
  if (!patterns) throw tooOpen(glob, `at most ${mostAlternatives} alternatives in braces`);
  if (!patterns.every(hasFewStars))
    throw tooOpen(glob, `at most ${mostStars} of * in one name, and of ** in all`);
  // Alternatives are names: two of them make no way up together.
  return patterns.filter((pattern) => waysUp(pattern) === waysUp(names)).map(literal);
}

/** Whether no name in it has more of `*`, nor the whole more of `**`, than are matched. */
export function hasFewStars(pattern: string): boolean {
  const names = pattern.split('/');
  const isFew = (name: string) => name.split('*').length - 1 <= mostStars;
  return names.every(isFew) && names.filter((name) => name.includes('**')).length <= mostStars;
}

/** The innermost braces first, those that hold no others: `{1..9}`, `{a..z}` and lists. */
const braces = /(?<!\\)\{(?:(-?\d+)\.\.(-?\d+)|([a-z])\.\.([a-z])|((?:\\.|[^\\{}])*,(?:\\.|[^\\{}])*))\}/i;

/** `undefined` for more than are tried. */
function writtenOut(glob: string): string[] | undefined {
  const done: string[] = [];
  // What is reached in two ways, as alternatives in alternatives are, is written out once.
  const seen = new Set([glob]);
  for (const pattern of seen) {
    const found = braces.exec(pattern);
    if (!found) done.push(pattern);
    else {
      const [before, after] = [pattern.slice(0, found.index), pattern.slice(found.index + found[0].length)];
      const alternatives = alternativesOf(found);
      if (!alternatives) return undefined;
      for (const alternative of alternatives) seen.add(before + alternative + after);
    }
    if (done.length > mostAlternatives || seen.size > 10 * mostAlternatives) return undefined;
  }
  return done;
}

/** Of what stands in braces; `undefined` for a row of more than are tried. */
function alternativesOf([, first, last, from, to, list = '']: RegExpExecArray): string[] | undefined {
  if (first !== undefined && last !== undefined) {
    // As a shell has it: one zero before a number makes all of them as long as the longer of the two.
    const digits = [first, last].some((end) => /^-?0\d/.test(end)) ? Math.max(first.length, last.length) : 0;
    return row(BigInt(first), BigInt(last))?.map((number) =>
      number < 0n ? `-${`${-number}`.padStart(digits - 1, '0')}` : `${number}`.padStart(digits, '0'),
    );
  }
  if (from === undefined || to === undefined) return list.split(',');
  const codes = row(BigInt(from.charCodeAt(0)), BigInt(to.charCodeAt(0)));
  // Between `Z` and `a` lies what is no letter.
  return codes?.map((code) => String.fromCharCode(Number(code))).filter((letter) => /[a-z]/i.test(letter));
}

/** Counted before it is made. */
function row(first: bigint, last: bigint): bigint[] | undefined {
  const step = last < first ? -1n : 1n;
  const length = Number((last - first) * step) + 1;
  if (length > mostAlternatives) return undefined;
  return Array.from({ length }, (_, index) => first + step * BigInt(index));
}

/** The path that a pattern of `globPatterns` names outright; `undefined` for one with wildcards. */
export const namedBy = (pattern: string) =>
  /(?<!\\)[*?[]/.test(pattern) ? undefined : pattern.replace(/\\(.)/g, '$1');

const waysUp = (pattern: string) => pattern.split('/').filter((name) => name === '..').length;

/** Escapes what is none of `*`, `?` and `[]`. */
const literal = (pattern: string) =>
  pattern.replace(/\\.|[(){}|+]|(?<!\[)!/g, (found) => (found.length > 1 ? found : `\\${found}`));

const tooOpen = (glob: string, expected: string) =>
  new TriviumError('invalid-argument', `The glob ${glob} has more alternatives than can be tried.`, {
    file: glob,
    expected,
    remedy: 'Name the folder, or several simpler globs.',
  });
