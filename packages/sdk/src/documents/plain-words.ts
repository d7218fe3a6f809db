/** Markdown to the words a reader hears, as the embedders were trained on: markup, link targets and tags go. */

/** Not for positions: lengths change. */
export function plainWords(text: string): string {
  return text
    .replace(/<!--[\s\S]*?-->/g, ' ')
    .replace(/!\[([^\]]*)\]\([^)]*\)/g, ' $1 ')
    .replace(/\]\([^)]*\)|\]\[[^\]]*\]/g, ']')
    .replace(/<\/?[a-zA-Z][^<>]*>/g, ' ')
    .replace(/\{#[^}]*\}|:::+ *\w*/g, ' ')
    .replace(/[*`#[\]>|~\\]+|(?<!\w)_+|_+(?!\w)|-{3,}|={3,}/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
