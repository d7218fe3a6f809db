/**
 * Learns the weights of packages/sdk/src/long-text/summary-weights.ts on SQuALITY's training stories: coordinate ascent
 * on ROUGE-1 and -2 of the summaries chosen. Prints them; the dev stories are only looked at for the last line.
 * node apps/bench/learn-summary-weights.mjs [--oracle] [--words-only]
 */
import {
  chooseDiverse,
  featureNames,
  plainWeights,
  queryWeights,
  sentenceFeatures,
} from '@trivium/sdk/long-text';
import { skip } from './lib/data.mjs';
import { miniLmEmbedder, nanoEmbedder } from './lib/embedders.mjs';
import { geometricMean, prepareReference, rouge } from './lib/rouge.mjs';
import { squalityJobs } from './lib/squality.mjs';

const embedder = process.argv.includes('--oracle') ? miniLmEmbedder() : await nanoEmbedder('contextual');
if (!embedder) skip('no embedder');

const unit = (vector) => {
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
};

async function prepare(split) {
  const prepared = [];
  for (const job of squalityJobs(split) ?? skip(`no squality-${split}`)) {
    const texts = job.sentences.map(({ text }) => text);
    const vectors = (await embedder.embed(texts)).map(unit);
    const query = job.query
      ? { text: job.query, vector: unit((await embedder.embed([job.query]))[0]) }
      : undefined;
    const words = job.sentences.map((sentence) => sentence.words);
    const features = await sentenceFeatures({ texts, words, vectors, ...(query ? { query } : {}) });
    prepared.push({ job, texts, vectors, words, features, references: job.references.map(prepareReference) });
  }
  return prepared;
}

async function evaluate(jobs, weights) {
  const sums = [0, 0];
  for (const { job, texts, vectors, words, features, references } of jobs) {
    const scores = features.map((row) => row.reduce((sum, value, i) => sum + value * weights[i], 0));
    const redundancy = Math.max(0, weights.at(-1));
    const chosen = await chooseDiverse(scores, vectors, words, job.words, redundancy);
    const inOrder = chosen.sort((a, b) => a - b);
    rouge(inOrder.map((i) => texts[i]).join(' '), references).forEach((score, i) => {
      sums[i] += score / jobs.length;
    });
  }
  return geometricMean(sums);
}

async function learn(jobs, start, usable) {
  const weights = [...start];
  let best = await evaluate(jobs, weights);
  for (const step of [0.8, 0.4, 0.2]) {
    for (const i of usable) {
      for (const direction of [1, -1]) {
        for (;;) {
          const tried = weights.with(i, weights[i] + direction * step);
          const score = await evaluate(jobs, tried);
          if (score <= best + 0.005) break;
          best = score;
          weights[i] = tried[i];
        }
      }
    }
    console.error(`step ${step}: ${best.toFixed(2)}`);
  }
  return weights;
}

const [train, dev] = [await prepare('train'), await prepare('dev')];
for (const [name, weights, wanted] of [
  ['plainWeights', plainWeights, (job) => !job.query],
  ['queryWeights', queryWeights, (job) => job.query],
]) {
  const start = [...featureNames.map((feature) => weights.features[feature] ?? 0), weights.redundancy];
  const usable = [...start.keys()].filter(
    (i) => name === 'queryWeights' || !featureNames[i]?.startsWith('query'),
  );
  const of = (jobs) => jobs.filter(({ job }) => wanted(job));
  const learned = await learn(of(train), start, usable);
  const rounded = learned.map((weight) => Math.round(weight * 100) / 100);
  console.log(
    name,
    JSON.stringify(Object.fromEntries(featureNames.map((feature, i) => [feature, rounded[i]]))),
  );
  console.log(
    'redundancy',
    rounded.at(-1),
    'train',
    await evaluate(of(train), rounded),
    'dev',
    await evaluate(of(dev), rounded),
    'dev before',
    await evaluate(of(dev), start),
  );
}
await embedder.dispose();
