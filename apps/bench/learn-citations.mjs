/**
 * Learns the weights of `spanParts` in packages/sdk/src/documents/ranking.ts, on the recipe's questions over the sets that the
 * models' training left out. The loss is softmax over the spans that a search looks at. Prints them; the questions of the
 * figures in README are not looked at.
 * node apps/bench/learn-citations.mjs                    all of it
 * node apps/bench/learn-citations.mjs --collect FILE 0 2   what one of two processes collects, as JSON lines
 * node apps/bench/learn-citations.mjs --learn FILE …       what was collected
 */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { report } from './lib/data.mjs';
import { developmentSets, sentenceQuestions, sitesOf, withSite } from './lib/recipe-questions.mjs';

/** More citations than there can be: every span that was looked at is in one. */
const all = 1000;
const rounds = 400;
const rate = 0.02;
const decay = 1e-4;

async function collect(file, part = 0, parts = 1) {
  writeFileSync(file, '');
  const sites = sitesOf(sentenceQuestions().filter(({ set }) => developmentSets.includes(set)));
  for (const site of sites.filter((_, at) => at % parts === part)) {
    await withSite(site, {}, async (library, asked) => {
      for (const { set, language, question, answers, holds } of asked) {
        const citations = await library.search(question, { level: 'citation', limit: all, explain: true });
        const spans = citations.flatMap(({ path, spans }) => spans.map((span) => ({ path, ...span })));
        appendFileSync(
          file,
          `${JSON.stringify({
            set,
            language,
            question,
            rank: citations.findIndex(holds),
            names: Object.keys(spans[0]?.parts ?? {}),
            rows: spans.map(({ parts }) =>
              Object.values(parts).map((value) => Math.round(value * 1e4) / 1e4),
            ),
            right: spans.map((span) => Number(answers(span))),
          })}\n`,
        );
      }
    });
    console.error(site[0], site[1].length, `${Math.round(performance.now() / 1000)} s`);
  }
}

const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

/** Mean and deviation of each column over all rows. */
function scales(searches) {
  const width = searches[0].rows[0].length;
  const sums = new Float64Array(width);
  const squares = new Float64Array(width);
  let count = 0;
  for (const { rows } of searches) {
    for (const row of rows) {
      count++;
      row.forEach((value, k) => {
        sums[k] += value;
        squares[k] += value * value;
      });
    }
  }
  return Array.from(sums, (sum, k) => Math.sqrt(Math.max(0, squares[k] / count - (sum / count) ** 2)) || 1);
}

/** Adam on the softmax loss, with a small pull to 0. */
function learn(searches) {
  const deviations = scales(searches);
  const weights = new Float64Array(deviations.length);
  const mean = weights.map(() => 0);
  const square = weights.map(() => 0);
  for (let round = 1; round <= rounds; round++) {
    const gradient = weights.map((weight) => decay * weight);
    for (const { rows, right } of searches) {
      const real = weights.map((weight, k) => weight / deviations[k]);
      const values = rows.map((row) => dot(row, real));
      const most = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
      const powers = values.map((value) => Math.exp(value - most));
      const total = powers.reduce((sum, power) => sum + power, 0);
      const good = powers.reduce((sum, power, i) => sum + power * right[i], 0);
      rows.forEach((row, i) => {
        const push = (powers[i] / total - (powers[i] * right[i]) / good) / searches.length;
        if (Math.abs(push) > 1e-9)
          for (let k = 0; k < row.length; k++) gradient[k] += (push * row[k]) / deviations[k];
      });
    }
    const slow = rate * (1 - (round - 1) / rounds);
    gradient.forEach((slope, k) => {
      mean[k] = 0.9 * mean[k] + 0.1 * slope;
      square[k] = 0.99 * square[k] + 0.01 * slope * slope;
      weights[k] -=
        (slow * mean[k]) / (1 - 0.9 ** round) / (Math.sqrt(square[k] / (1 - 0.99 ** round)) + 1e-8);
    });
  }
  return weights.map((weight, k) => weight / deviations[k]);
}

function loss(searches, weights) {
  const losses = searches.map(({ rows, right }) => {
    const values = rows.map((row) => dot(row, weights));
    const most = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    const powers = values.map((value) => Math.exp(value - most));
    const good = powers.reduce((sum, power, i) => sum + power * right[i], 0);
    return Math.log(powers.reduce((sum, power) => sum + power, 0) / good);
  });
  return losses.reduce((sum, value) => sum + value, 0) / losses.length;
}

function learnFrom(files) {
  const rows = files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  );
  const searches = rows.filter(({ right }) => right.includes(1));
  const { names } = searches[0];
  const share = (among, test) => Math.round((1000 * among.filter(test).length) / among.length) / 1000;
  const figures = (among) => ({
    questions: among.length,
    first: share(among, ({ rank }) => rank === 0),
    'in three': share(among, ({ rank }) => rank >= 0 && rank < 3),
    'looked at': share(among, ({ right }) => right.includes(1)),
  });
  const weights = learn(searches);
  report(
    'Citations with the weights of now, on the questions that these are learned on',
    [
      { name: 'all', ...figures(rows) },
      ...developmentSets.map((set) => ({ name: set, ...figures(rows.filter((one) => one.set === set)) })),
    ],
    {
      weights: Object.fromEntries(names.map((name, k) => [name, Math.round(weights[k] * 1000) / 1000])),
      loss: loss(searches, weights),
    },
  );
}

const [mode, ...given] = process.argv.slice(2);
if (mode === '--collect') await collect(given[0], Number(given[1] ?? 0), Number(given[2] ?? 1));
else if (mode === '--learn') learnFrom(given);
else {
  const folder = mkdtempSync(path.join(tmpdir(), 'trivium-citations-'));
  await collect(path.join(folder, 'spans.jsonl'));
  learnFrom([path.join(folder, 'spans.jsonl')]);
  rmSync(folder, { recursive: true });
}
