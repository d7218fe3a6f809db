/**
 * A step of nano's recipe: what search finds for each of its questions, with the parts of its scores, which is what the ranker
 * learns to order. A site's pages of one language are one library. Needs a built workspace; writes candidates/PART.jsonl into
 * the recipe's cache. On two cores:
 * node apps/bench/rank-candidates.mjs 0 2 & node apps/bench/rank-candidates.mjs 1 2
 */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  passageQuestions,
  recipeFolder,
  sentenceQuestions,
  sitesOf,
  withSite,
} from './lib/recipe-questions.mjs';

const [part = '0', parts = '1'] = process.argv.slice(2);
const folder = path.join(process.env.NANO_CACHE ?? path.join(recipeFolder, '.cache'), 'candidates');
const candidates = 24;

mkdirSync(folder, { recursive: true });
const file = path.join(folder, `${part}.jsonl`);
writeFileSync(file, '');
const sites = sitesOf([...sentenceQuestions(), ...passageQuestions()]);
for (const site of sites.filter((_, at) => at % Number(parts) === Number(part))) {
  await withSite(site, { rankModel: false }, async (library, asked) => {
    for (const { set, question, holds } of asked) {
      const hits = await library.search(question, { limit: candidates, explain: true });
      const row = {
        set,
        question,
        right: hits.map(holds),
        texts: hits.map(({ read }) => [read.above, read.text]),
        parts: hits.map((hit) => hit.parts),
      };
      appendFileSync(file, `${JSON.stringify(row)}\n`);
    }
  });
  console.log(site[0], site[1].length, `${Math.round(performance.now() / 1000)} s`);
}
