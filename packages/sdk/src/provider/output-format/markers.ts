/**
 * Markers in a text that comes in pieces: where one stands, how much must be held back because it may yet become one,
 * and white space, as formats mean it. Knows no format.
 */

/** The earliest marker in the text; of two at one place the longer. */
export function findMarker(
  text: string,
  markers: readonly string[],
): { at: number; marker: string } | undefined {
  let found: { at: number; marker: string } | undefined;
  for (const marker of markers) {
    const at = text.indexOf(marker);
    if (at < 0 || (found && (at > found.at || (at === found.at && marker.length < found.marker.length))))
      continue;
    found = { at, marker };
  }
  return found;
}

/** Length of the longest end of the text that begins a marker without being one. */
export function heldLength(text: string, markers: readonly string[]): number {
  const longest = Math.max(0, ...markers.map(({ length }) => length - 1));
  for (let at = Math.max(0, text.length - longest); at < text.length; at += 1) {
    const end = text.slice(at);
    if (markers.some((marker) => marker.length > end.length && marker.startsWith(end))) return end.length;
  }
  return 0;
}

/**
 * What to make of an end that was held back for a marker that never came whole. One or two characters ("<") are text;
 * more of it ("</thi") is a marker that the end of the answer cut, and no part of a marker is shown.
 */
export const unfinishedMarker = (held: string): string => (held.length > 2 ? '' : held);

/** The text that is left when the answer ends where one of these markers may have begun. */
export function withoutUnfinished(text: string, markers: readonly string[]): string {
  const certain = text.length - heldLength(text, markers);
  return text.slice(0, certain) + unfinishedMarker(text.slice(certain));
}

/** White space of JSON and of formats. Others, such as the ideographic space that indents Chinese, are text. */
export const isBlank = (character: string | undefined): boolean =>
  character === ' ' || character === '\n' || character === '\t' || character === '\r';

/** Where the white space that ends the text begins. */
export function trailingBlank(text: string): number {
  let at = text.length;
  while (at > 0 && isBlank(text[at - 1])) at -= 1;
  return at;
}

/** Where the text goes on after white space. */
export function leadingBlank(text: string): number {
  let at = 0;
  while (at < text.length && isBlank(text[at])) at += 1;
  return at;
}

/** The text without the blank lines it begins with; the indentation of its first line stays. */
export function withoutBlankLines(text: string): string {
  const blank = text.slice(0, leadingBlank(text));
  return text.slice(blank.lastIndexOf('\n') + 1);
}
