/** The span of a text without the blanks at its ends; empty, at `from`, where it holds nothing else. */
export function trimSpan(text: string, from: number, to: number): { start: number; end: number } {
  const piece = text.slice(from, to);
  const trimmed = piece.trim();
  const start = trimmed === '' ? from : from + piece.length - piece.trimStart().length;
  return { start, end: start + trimmed.length };
}
