/**
 * What a source says, as a text with citations of its own quotes it: there `[n]` means citation `n` and nothing else, so what
 * a source has in brackets must not read as one, and stays. Refuses to know: which sentences are quoted.
 */
import { codeIn, markersIn, replaceMarkers } from '@trivium/protocol';

/** Of other languages it is not known which words lack something. */
const englishWord = /\b(?:the|and|are|from|that|these|this|which|with)\b/i;

/** Words that lack something without what stands behind them, or whose number it may be; plurals in `s` as well. */
const wanting = new Set(
  (
    'a about after all an and any are as at be been before being between both but by each either equal exactly for from if ' +
    'in into is least less like more most not of on only or over per than that the then these this those through to under ' +
    'until via was were when where whose with within accept add allow call choose contain cover default enter equal expect ' +
    'get give has have hold mean need output pass pick press print require return say see select send set show support take ' +
    'type use yield argument array bit byte bytes chapter code column constant count element entries entry equation error ' +
    'example field figure index indexes indices input interval item key length level limit line list maximum minimum note ' +
    'number offset option page parameter part port position range rank ratio ref reference retries retry row rule score second ' +
    'section shape size slot state status step table time tuple value vector version weight'
  ).split(' '),
);

/**
 * With what could be a marker as code, and without what is surely a reference, which leads to what is not here: one number
 * behind an English word of prose, at the end of a clause. Several may be an interval, or an array.
 */
export function quotedProse(said: string): string {
  // A fence that a quote opens and does not close would take the citation behind it along.
  const text = fenceLine.test(outsideCode(said)) ? withoutFences(said) : said;
  // With a backtick that stands alone, a further one would make code of what lies between.
  const mayTick = !outsideCode(text).includes('`');
  const isProse = englishWord.test(text) && !/^\s*#|[|\t]/.test(text);
  let quoted = '';
  let from = 0;
  for (const { start, end } of bracketsIn(text)) {
    const before = text.slice(from, start);
    if (isProse && isReference(text, start, end)) quoted += before.trimEnd();
    else {
      const named = start - nameBefore(before, from > 0).length;
      quoted += text.slice(from, named) + unmarked(text, named, end, mayTick);
    }
    from = end;
  }
  return (quoted + text.slice(from)).trim();
}

/** The name of what has an index. Code that reached back to the code before it would end that. */
function nameBefore(before: string, followsCode: boolean): string {
  const name = /[\w$]+(?:\.[\w$]+)*$/.exec(before.slice(-80))?.[0] ?? '';
  return followsCode && name === before ? '' : name;
}

/** Markers without their blanks; those with nothing between them, `a[1][2]`, as one. */
function bracketsIn(text: string): { start: number; end: number }[] {
  const brackets: { start: number; end: number }[] = [];
  for (const { start, end, blanks } of markersIn(text)) {
    const last = brackets.at(-1);
    if (last && last.end === start && blanks === '') last.end = end;
    else brackets.push({ start: start + blanks.length, end });
  }
  return brackets;
}

function isReference(text: string, start: number, end: number): boolean {
  const word = /(?<![^\s("“‘])\p{L}[\p{Ll}’'-]*\p{Ll}(?= $)/u.exec(
    text.slice(Math.max(0, start - 40), start),
  )?.[0];
  return (
    word !== undefined &&
    !isWanting(word.toLowerCase()) &&
    /^\[[1-9]\d{0,2}\]$/.test(text.slice(start, end)) &&
    /^[.,;)]+(?:$|\s+[^\s[])/.test(text.slice(end, end + 40))
  );
}

const isWanting = (word: string) => wanting.has(word) || wanting.has(word.replace(/s$/, ''));

/** As code; of a link its text alone, so that it stays one. Beside other backticks its own would mean something else. */
function unmarked(text: string, start: number, end: number, mayTick: boolean): string {
  const kept = text.slice(start, end);
  const line = kept.replace(/\s+/g, ' ');
  const isLink = text[end] === '(' && /^\[[^[\]]*\]$/.test(kept);
  if (mayTick && isLink) return `[\`${line.slice(1, -1)}\`]`;
  if (mayTick && text[start - 1] !== '`' && text[end] !== '`') return `\`${line}\``;
  return escaped(kept);
}

/** In Markdown the same, and no marker. */
const escaped = (brackets: string) => brackets.replaceAll(']', '\\]');

/** For a text that cites nothing: quotes on one line may have backticks that belong to no code of their own. */
export const withEscapedMarkers = (text: string) =>
  replaceMarkers(text, ({ start, end }) => escaped(text.slice(start, end)));

function outsideCode(text: string): string {
  let outside = '';
  let from = 0;
  for (const { start, end } of codeIn(text)) {
    outside += text.slice(from, start);
    from = end;
  }
  return outside + text.slice(from);
}

const fenceLine = /^[^\S\n]*(?:`{3,}[^`\n]*|~{3,}.*)$/m;

/** Code without the lines of its fences. */
export const withoutFences = (code: string): string =>
  code
    .split('\n')
    .filter((line) => !fenceLine.test(line))
    .join('\n');

/** Code without fences, as is; between backticks where an index such as `list[1]` would read as a marker. */
export function quotedCode(code: string): string {
  if (markersIn(code).length === 0) return code;
  const longest = Math.max(0, ...(code.match(/`+/g) ?? []).map((run) => run.length));
  if (code.includes('\n')) {
    const fence = '`'.repeat(Math.max(3, longest + 1));
    return `${fence}\n${code}\n${fence}`;
  }
  const ticks = '`'.repeat(longest + 1);
  const blank = /^`|`$/.test(code) ? ' ' : '';
  return `${ticks}${blank}${code}${blank}${ticks}`;
}
