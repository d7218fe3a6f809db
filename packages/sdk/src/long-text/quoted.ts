/**
 * What a source says, as a text with citations of its own quotes it: there `[n]` means citation `n` and nothing else, so what
 * a source has in brackets must not read as one. Refuses to know: which sentences are quoted.
 */
import { markersIn, replaceMarkers } from '@trivium/protocol';

/** Without the references of a source, which lead to what is not here. What holds a 0 is an interval, and stays as code. */
export const quotedProse = (text: string): string =>
  replaceMarkers(text, ({ start, end, blanks, numbers }) =>
    numbers.includes(0) ? `${blanks}\`${text.slice(start + blanks.length, end)}\`` : '',
  ).trim();

/** Without the lines of fences; between backticks where an index such as `list[1]` would read as a marker. */
export function quotedCode(text: string): string {
  const code = text
    .split('\n')
    .filter((line) => !/^\s*(?:```|~~~)/.test(line))
    .join('\n');
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
