/** Parallel documentation sets: pages by language, and the first paragraph of a page as a query. */
import { readRows } from './data.mjs';

/** Whole sets that no training step of @trivium/nano sees. */
export const heldBackSets = ['vue-docs', 'electron', 'webpack', 'juicefs', 'karmada'];

/** `[{ path, en, zh, queries: { en, zh } }]`: the pages that have a first paragraph in both languages. */
export function parallelPages(set) {
  return readRows(`parallel/${set}.en-zh.jsonl`)
    ?.map((page) => ({ ...page, queries: { en: firstParagraph(page.en), zh: firstParagraph(page.zh) } }))
    .filter(({ queries }) => queries.en && queries.zh);
}

/** The first block of prose, without its markup; undefined where a page has none. A script's lines are no prose. */
export function firstParagraph(page) {
  const prose = page
    .replace(/^---\n[\s\S]*?\n---\n/, '')
    .replace(/^ *(`{3,}|~{3,})[\s\S]*?^ *\1[^\n]*$/gm, '')
    .replace(/^ *<(script|style)\b[\s\S]*?<\/\1>|<!--[\s\S]*?-->/gm, '');
  for (const block of prose.split(/\n\s*\n/)) {
    const text = block.trim();
    if (/^(?:#|<|!\[|\||:::|import |export |\.\. |={3}|-{3}|[-*+] |\d+\. )/.test(text)) continue;
    const plain = text
      .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/<[^>]+>|[*`]/g, '')
      .replace(/\s+/g, ' ')
      .trim();
    const letters = (plain.match(/\p{L}/gu) ?? []).length;
    if (letters >= (/\p{Script=Han}/u.test(plain) ? 10 : 25)) return plain.slice(0, 1000);
  }
  return undefined;
}
