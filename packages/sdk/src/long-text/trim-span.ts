/** The span of a text without the blanks at its ends; empty, at `from`, where it holds nothing else. */
export function trimSpan(text: string, from: number, to: number): { start: number; end: number } {
  const piece = text.slice(from, to);
  const trimmed = piece.trim();
  const start = trimmed === '' ? from : from + piece.length - piece.trimStart().length;
  return { start, end: start + trimmed.length };
}

/** The offset, or the one before where it stands between the halves of a surrogate pair. */
export function characterEdge(text: string, offset: number): number {
  const code = text.charCodeAt(offset - 1);
  return code >= 0xd800 && code < 0xdc00 ? offset - 1 : offset;
}
