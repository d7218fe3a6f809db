/**
 * What a source says, as a text with citations of its own quotes it: there `[n]` means citation `n` and nothing else, so what
 * a source has in brackets must not read as one, and stays. Refuses to know: which sentences are quoted.
 */
import { codeIn, markersIn, replaceMarkers } from '@trivium/protocol';

/** With what could be a marker as code: whether it is a reference, an interval, an index or a value, nobody can tell. */
export function quotedProse(said: string): string {
  // A fence that a quote opens and does not close would take the citation behind it along.
  const text = fenceLine.test(outsideCode(said)) ? withoutFences(said) : said;
  // With a backtick that stands alone, a further one would make code of what lies between.
  const mayTick = !outsideCode(text).includes('`');
  let quoted = '';
  let from = 0;
  for (const { start, end } of bracketsIn(text)) {
    const before = text.slice(from, start);
    const named = start - nameBefore(before, from > 0).length;
    quoted += text.slice(from, named) + unmarked(text, named, end, mayTick);
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
