/** The questions of nano's recipe with the places of their answers, and the pages that they were written over as libraries. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLibrary } from '@trivium/sdk/documents';
import { benchFolder, readRows } from './data.mjs';

export const recipeFolder = path.join(benchFolder, '../../packages/nano/recipe');
/** What the models' training left out; as DEV_SETS in packages/nano/recipe/passages.py. */
export const developmentSets = ['vitest', 'nestjs', 'hf-agents-course', 'deno', 'apisix'];

const rowsOf = (name) =>
  readFileSync(path.join(recipeFolder, name), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

/** Each with the sentence, or the like, that answers it. */
export const sentenceQuestions = () =>
  rowsOf('questions.jsonl').flatMap(({ asked, ...page }) =>
    asked.map(([start, length, language, question]) => ({ ...page, start, length, language, question })),
  );

/** Each with the whole passage it was written over. */
export const passageQuestions = () =>
  rowsOf('passage-questions.jsonl').flatMap(({ asked, ...page }) =>
    asked.flatMap(([start, length, ...texts]) =>
      texts.map((question) => ({ ...page, start, length, question })),
    ),
  );

/** Questions by site, a set's pages of one language; the site with most of them first. */
export function sitesOf(questions) {
  const sites = new Map();
  for (const one of questions) {
    const site = `${one.set} ${one.page_language}`;
    if (!sites.has(site)) sites.set(site, []);
    sites.get(site).push(one);
  }
  return [...sites].sort((a, b) => b[1].length - a[1].length);
}

/**
 * Reads a site's pages into a library and calls `use(library, asked)`; each of `asked` is a question with `answers(range)`, whether
 * a range of a file, such as a hit, touches the place of its answer, and `holds(range)`, whether it has all of it.
 */
export async function withSite([site, questions], options, use) {
  const [set, language] = site.split(' ');
  const pages = [
    ...(readRows(`parallel/${set}.en-zh.jsonl`) ?? []).map((row) => ({
      path: row.path,
      text: row[language],
    })),
    ...(readRows(`text/${set}.${language}.jsonl`) ?? []),
  ];
  const target = mkdtempSync(path.join(tmpdir(), 'trivium-site-'));
  const numberOf = new Map(pages.map((page, number) => [page.path, number]));
  for (const [number, { text }] of pages.entries()) writeFileSync(path.join(target, `${number}.md`), text);
  const library = await createLibrary({ cacheDir: false, ...options });
  try {
    await library.read([target]);
    const asked = questions.map((one) => {
      const number = numberOf.get(one.path);
      const characters = [...pages[number].text]; // the recipe counts code points
      const start = characters.slice(0, one.start).join('').length;
      const end = start + characters.slice(one.start, one.start + one.length).join('').length;
      const isPage = (hit) => path.basename(hit.path) === `${number}.md`;
      return {
        ...one,
        answers: (range) => isPage(range) && range.start < end && start < range.end,
        holds: (range) => isPage(range) && range.start <= start && end <= range.end,
      };
    });
    await use(library, asked);
  } finally {
    await library.dispose();
    rmSync(target, { recursive: true });
  }
}
