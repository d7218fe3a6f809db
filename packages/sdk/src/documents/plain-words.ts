/** Markdown to the words a reader hears, as the embedders were trained on: markup, link targets and tags go. */

/**
 * A tag. What opens right behind a word is one only with the name of an inline element, so that `Promise<string>` keeps its
 * type.
 */
const tag =
  /<\/[a-zA-Z][^<>]*>|(?:(?<![\w$])<|<(?=(?:a|b|br|code|del|em|i|img|ins|kbd|mark|s|small|span|strong|sub|sup|u)\b))[a-zA-Z][^<>]*>/g;

/** Components of MDX say in expressions what HTML says in elements: a table of properties is one long attribute. */
const saidInTag = (markup: string) => {
  const from = markup.indexOf('{');
  return from < 0 ? ' ' : ` ${markup.slice(from, markup.endsWith('/>') ? -2 : -1)} `;
};

/** Not for positions: lengths change. */
export function plainWords(text: string): string {
  return text
    .replace(/<!--[\s\S]*?-->/g, ' ')
    .replace(/!\[([^\]]*)\]\([^)]*\)/g, ' $1 ')
    .replace(/\]\([^)]*\)|\]\[[^\]]*\]/g, ']')
    .replace(tag, saidInTag)
    .replace(/\{#[^}]*\}|:::+ *\w*/g, ' ')
    .replace(/[*`#[\]>|~\\]+|(?<!\w)_+|_+(?!\w)|-{3,}|={3,}/g, ' ')
    .replace(/ \s+|[^\S ]\s*/g, ' ') // a blank alone, as most are, stays in place
    .trim();
}
