/**
 * Markers `[n]` and `[n, m]` where they stand in a text. Brackets within code, between backticks of a line or between
 * fences, are of the code. One grammar for what writes markers and for pages that show them. Refuses to know what the
 * numbers stand for.
 */

export interface CitationMarker {
  /** Offset of the blanks before it. */
  start: number;
  /** Offset behind its bracket. */
  end: number;
  blanks: string;
  numbers: number[];
}

// Blanks match from their first one on only: else a long run of them is gone through again from each.
const codeOrMarker = new RegExp(
  [
    /^[^\S\n]*(?<fence>`{3,}(?=[^`\n]*\n)|~{3,})[^\n]*\n(?:[\s\S]*?\n)?[^\S\n]*\k<fence>/u,
    /(?<!`)(?<ticks>`+)(?!`)[^\n]*?(?<!`)\k<ticks>(?!`)/u,
    /(?<blanks>(?<!\s)\s*)\[(?<list>\d{1,6}(?:\s*[,，]\s*\d{1,6})*)\]/u,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gmu',
);

/** Where code stands, with its backticks or fences. */
export const codeIn = (text: string): { start: number; end: number }[] =>
  [...text.matchAll(codeOrMarker)].flatMap(({ 0: whole, index, groups }) =>
    groups!.list === undefined ? [{ start: index, end: index + whole.length }] : [],
  );

/**
 * The markers of a text, in order.
 * @example
 * markersIn('Both say so [1, 2].'); // [{ start: 11, end: 18, blanks: ' ', numbers: [1, 2] }]
 */
export function markersIn(text: string): CitationMarker[] {
  return [...text.matchAll(codeOrMarker)].flatMap(({ 0: whole, index, groups }) => {
    const { blanks = '', list } = groups!;
    if (list === undefined) return [];
    return [{ start: index, end: index + whole.length, blanks, numbers: list.split(/\D+/u).map(Number) }];
  });
}

/** The text with other words in the place of each marker and of the blanks before it. */
export function replaceMarkers(text: string, replacement: (marker: CitationMarker) => string): string {
  let replaced = '';
  let from = 0;
  for (const marker of markersIn(text)) {
    replaced += text.slice(from, marker.start) + replacement(marker);
    from = marker.end;
  }
  return replaced + text.slice(from);
}

/** The text without its markers and the blanks before them. */
export const withoutMarkers = (text: string) => replaceMarkers(text, () => '');
