/**
 * A step of nano's recipe: what search finds for each of its questions, with the parts of its scores, which is what the ranker
 * learns to order. A site's pages of one language are one library. Needs a built workspace; writes candidates/PART.jsonl into
 * the recipe's cache. On two cores:
 * node apps/bench/rank-candidates.mjs 0 2 & node apps/bench/rank-candidates.mjs 1 2
 */
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLibrary } from '@trivium/sdk/documents';
import { benchFolder, readRows } from './lib/data.mjs';

const [part = '0', parts = '1'] = process.argv.slice(2);
const recipe = path.join(benchFolder, '../../packages/nano/recipe');
const folder = path.join(process.env.NANO_CACHE ?? path.join(recipe, '.cache'), 'candidates');
const candidates = 24;

const rowsOf = (name) =>
  readFileSync(path.join(recipe, name), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
/** Each with the place of its answer: a sentence, or the whole passage it was written over. */
const questions = [
  ...rowsOf('questions.jsonl'),
  ...rowsOf('passage-questions.jsonl').flatMap(({ asked, ...page }) =>
    asked.flatMap(([start, length, ...texts]) =>
      texts.map((question) => ({ ...page, start, length, question })),
    ),
  ),
];
const bySite = new Map();
for (const one of questions) {
  const site = `${one.set} ${one.page_language}`;
  if (!bySite.has(site)) bySite.set(site, []);
  bySite.get(site).push(one);
}
const mine = [...bySite]
  .sort((a, b) => b[1].length - a[1].length)
  .filter((_, at) => at % Number(parts) === Number(part));

mkdirSync(folder, { recursive: true });
const file = path.join(folder, `${part}.jsonl`);
writeFileSync(file, '');
for (const [site, asked] of mine) {
  const [set, language] = site.split(' ');
  const pages = [
    ...(readRows(`parallel/${set}.en-zh.jsonl`) ?? []).map((row) => ({
      path: row.path,
      text: row[language],
    })),
    ...(readRows(`text/${set}.${language}.jsonl`) ?? []),
  ];
  const target = mkdtempSync(path.join(tmpdir(), 'trivium-candidates-'));
  const numberOf = new Map(pages.map((page, number) => [page.path, number]));
  for (const [number, { text }] of pages.entries()) writeFileSync(path.join(target, `${number}.md`), text);
  const library = await createLibrary({ cacheDir: false, rankModel: false });
  await library.read([target]);
  for (const { path: page, start, length, question } of asked) {
    const number = numberOf.get(page);
    const quoted = [...pages[number].text].slice(start, start + length).join(''); // the recipe counts code points
    const hits = await library.search(question, { limit: candidates, explain: true });
    const holds = (hit) => path.basename(hit.path) === `${number}.md` && hit.text.includes(quoted);
    appendFileSync(
      file,
      `${JSON.stringify({
        set,
        question,
        right: hits.map(holds),
        texts: hits.map(({ read }) => [read.above, read.text]),
        parts: hits.map((hit) => hit.parts),
      })}\n`,
    );
  }
  await library.dispose();
  rmSync(target, { recursive: true });
  console.log(site, asked.length, `${Math.round(performance.now() / 1000)} s`);
}
