/**
 * Reranking through the AI SDK's interface: of the texts of the 24 best passages of a search, which comes first, by the
 * cross-encoder of nano and by the cosines of its static vectors. Questions of the recipe over sets that training left out.
 * node apps/bench/reranking.mjs [--questions=150]
 */
import { parseArgs } from 'node:util';
import { staticModelFile } from '@trivium/nano';
import { createTrivium } from '@trivium/sdk/provider';
import { report, skip } from './lib/data.mjs';
import { developmentSets, sentenceQuestions, sitesOf, withSite } from './lib/recipe-questions.mjs';

const { values } = parseArgs({ options: { questions: { type: 'string', default: '150' } } });
const count = Number(values.questions);
const all = sentenceQuestions().filter(({ set }) => developmentSets.includes(set));
if (all.length === 0) skip("nano's recipe has no questions here");
const sample = Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]);

const trivium = createTrivium();
const models = {
  'cross-encoder of nano': trivium.rerankingModel('nano'),
  'cosine, static vectors': trivium.rerankingModel(staticModelFile),
};
const rows = Object.fromEntries(
  ['search without its ranker', ...Object.keys(models)].map((name) => [name, { first: 0, three: 0, ms: 0 }]),
);
let held = 0;

function note(row, order, isRight) {
  const place = order.findIndex((index) => isRight[index]);
  if (place === 0) row.first += 1;
  if (place >= 0 && place < 3) row.three += 1;
}

for (const site of sitesOf(sample)) {
  await withSite(site, { rankModel: false }, async (library, asked) => {
    for (const { question, holds } of asked) {
      const hits = await library.search(question, { limit: 24 });
      const isRight = hits.map(holds);
      if (isRight.includes(true)) held += 1;
      note(rows['search without its ranker'], [...hits.keys()], isRight);
      for (const [name, model] of Object.entries(models)) {
        const started = performance.now();
        const documents = { type: 'text', values: hits.map(({ text }) => text) };
        const { ranking } = await model.doRerank({ documents, query: question });
        rows[name].ms += performance.now() - started;
        note(
          rows[name],
          ranking.map(({ index }) => index),
          isRight,
        );
      }
    }
  });
}

await trivium.dispose();
const share = (some) => `${((100 * some) / count).toFixed(1)} %`;
report(
  'Reranking',
  Object.entries(rows).map(([name, { first, three, ms }]) => ({
    name,
    first: share(first),
    'among three': share(three),
    'ms a query': Math.round(ms / count),
  })),
  { questions: count, 'right one among the 24': held },
);
