/**
 * Learns the weights of packages/sdk/src/documents/ranking.ts: those of passages on the recipe's questions over sets that
 * the models' training left out, those of documents on d2l. The loss is softmax over the candidates of a search.
 * Prints them; the sets and questions of the figures in README are not looked at.
 * node apps/bench/learn-ranking.mjs [--passages | --documents]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLibrary } from '@trivium/sdk/documents';
import { report, skip } from './lib/data.mjs';
import { parallelPages } from './lib/parallel.mjs';
import { developmentSets, sentenceQuestions, sitesOf, withSite } from './lib/recipe-questions.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'trivium-ranking-'));

/** A library over texts written to numbered files; `use` gets it and the path of each text. */
async function withLibrary(texts, use) {
  const target = mkdtempSync(path.join(folder, 'pages-'));
  mkdirSync(target, { recursive: true });
  const paths = texts.map((_, i) => path.join(target, `${i}.md`));
  for (const [i, text] of texts.entries()) writeFileSync(paths[i], text);
  const library = await createLibrary({ cacheDir: false, rankModel: false });
  await library.read([target]);
  await use(library, paths);
  await library.dispose();
}

/** The candidates of a search: their parts, and which are right. */
async function candidatesOf(library, query, level, isRight) {
  const hits = await library.search(query, { level, limit: 48, explain: true });
  return { parts: hits.map(({ parts }) => parts), right: hits.map(isRight) };
}

async function passageSearches() {
  const searches = [];
  const mine = sentenceQuestions().filter(({ set }) => developmentSets.includes(set));
  for (const site of sitesOf(mine)) {
    await withSite(site, { rankModel: false }, async (library, asked) => {
      for (const { question, holds } of asked)
        searches.push(await candidatesOf(library, question, 'passage', holds));
    });
  }
  return searches;
}

async function documentSearches() {
  const pages = parallelPages('d2l') ?? [];
  const searches = [];
  for (const [from, to] of [
    ['zh', 'en'],
    ['en', 'zh'],
  ]) {
    await withLibrary(
      pages.map((page) => page[to]),
      async (library, paths) => {
        for (const [i, { queries }] of pages.entries()) {
          searches.push(
            await candidatesOf(library, queries[from], 'document', (hit) => hit.path === paths[i]),
          );
        }
      },
    );
  }
  return searches;
}

function scaled(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  return values.map((value) => (deviation > 1e-6 ? (value - mean) / deviation : 0));
}

const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

/** Adam on the softmax loss, from equal weights and held near them where searches are few; weights stay at 0 or above. */
function learn(searches, names) {
  const data = searches.map(({ parts, right }) => {
    const columns = names.map((name) => scaled(parts.map((one) => one[name])));
    return { rows: parts.map((_, i) => columns.map((column) => column[i])), right };
  });
  const usable = data.filter(({ right }) => right.includes(true));
  const weights = names.map(() => 0.5);
  const mean = names.map(() => 0);
  const square = names.map(() => 0);
  for (let step = 1; step <= 300; step++) {
    const gradient = weights.map((weight) => (10 / usable.length) * (weight - 0.5));
    for (const { rows, right } of usable) {
      const powers = rows.map((row) => Math.exp(dot(row, weights)));
      const all = powers.reduce((sum, power) => sum + power, 0);
      const good = powers.reduce((sum, power, i) => sum + (right[i] ? power : 0), 0);
      rows.forEach((row, i) => {
        const push = powers[i] / all - (right[i] ? powers[i] / good : 0);
        row.forEach((value, k) => {
          gradient[k] += (push * value) / usable.length;
        });
      });
    }
    gradient.forEach((slope, k) => {
      mean[k] = 0.9 * mean[k] + 0.1 * slope;
      square[k] = 0.99 * square[k] + 0.01 * slope * slope;
      const move = mean[k] / (1 - 0.9 ** step) / (Math.sqrt(square[k] / (1 - 0.99 ** step)) + 1e-8);
      weights[k] = Math.max(0, weights[k] - 0.03 * move);
    });
  }
  return { weights, data };
}

function shares(data, weights) {
  const ranks = data.map(({ rows, right }) => {
    const order = [...rows.keys()].sort((a, b) => dot(rows[b], weights) - dot(rows[a], weights));
    return order.findIndex((i) => right[i]);
  });
  const share = (test) => Math.round((1000 * ranks.filter(test).length) / ranks.length) / 1000;
  return {
    first: share((rank) => rank === 0),
    'in three': share((rank) => rank >= 0 && rank < 3),
    found: share((rank) => rank >= 0),
  };
}

try {
  for (const [name, make] of [
    ['passages', passageSearches],
    ['documents', documentSearches],
  ]) {
    if (process.argv.some((flag) => ['--passages', '--documents'].includes(flag) && flag !== `--${name}`))
      continue;
    const searches = (await make()).filter(({ parts }) => parts.length > 1 && parts.every(Boolean));
    if (searches.length === 0) skip(`no data for ${name}`);
    const names = Object.keys(searches[0].parts[0]);
    const { weights, data } = learn(searches, names);
    const rows = [{ name: 'learned', ...shares(data, weights) }];
    for (const [k, part] of names.entries())
      rows.push({
        name: `${part} alone`,
        ...shares(
          data,
          names.map((_, i) => (i === k ? 1 : 0)),
        ),
      });
    const rounded = Object.fromEntries(names.map((part, i) => [part, Math.round(weights[i] * 100) / 100]));
    report(`Weights of ${name}, ${searches.length} searches`, rows, { weights: rounded });
  }
} finally {
  rmSync(folder, { recursive: true });
}
