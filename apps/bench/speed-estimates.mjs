/**
 * How near the speed comes that `trivium inspect` estimates before a model is loaded to the speed that it measures: the
 * ratio of both, for prefill of 512 tokens and decode of 64, over random models of several types or the files given. Run it
 * alone on the machine.
 * node apps/bench/speed-estimates.mjs [FILE …] [--small] [--rounds 3]
 * --small: models of 100 million parameters only, F32 among them; otherwise of 1.1 billion too.
 */
import { cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createClient, models } from '@trivium/sdk';
import { report, skip } from './lib/data.mjs';
import { dequantizedModel, modelsAbsent, randomModel } from './lib/engine-models.mjs';
import { median, roundsOf } from './lib/engine-rounds.mjs';

const { values, positionals } = parseArgs({
  options: { small: { type: 'boolean', default: false }, rounds: { type: 'string', default: '3' } },
  allowPositionals: true,
});
const rounds = roundsOf(values.rounds);

function files() {
  if (positionals.length > 0) return positionals;
  const absent = modelsAbsent();
  if (absent) skip(absent);
  const types = ['Q4_0', 'Q4_K_M', 'Q8_0'];
  const small = [
    ...types.map((type) => randomModel('100m', type)),
    dequantizedModel(randomModel('100m', 'Q8_0')),
  ];
  return values.small ? small : [...small, ...types.map((type) => randomModel('1b', type))];
}

const significant = (value) => Number(value.toPrecision(3));

/** Estimates of one file, each with the measurement behind it, in a client of its own: nothing is loaded before. */
async function compare(file) {
  const pairs = [];
  for (let round = 0; round < rounds; round++) {
    const client = createClient();
    try {
      pairs.push((await client.use(models).inspect({ file, measure: true })).speed);
    } finally {
      await client[Symbol.asyncDispose]();
    }
  }
  return pairs;
}

const rows = [];
const ratios = [];
let machine = {};
for (const file of files()) {
  const pairs = await compare(file);
  const [{ backend, threads }] = pairs;
  machine = { processor: cpus()[0].model.trim(), backend, threads, rounds };
  for (const measure of ['prefill', 'decode']) {
    const all = pairs.map(({ estimate, measurement }) => estimate[measure] / measurement[measure]);
    ratios.push(...all);
    rows.push({
      name: `${path.basename(file, '.gguf')} ${measure}`,
      estimated: significant(median(pairs.map(({ estimate }) => estimate[measure]))),
      measured: significant(median(pairs.map(({ measurement }) => measurement[measure]))),
      ratio: significant(median(all)),
      lowestRatio: significant(Math.min(...all)),
      highestRatio: significant(Math.max(...all)),
    });
  }
}
const within = ratios.filter((ratio) => ratio > 0.7 && ratio < 1.3).length;
console.log(`${within} of ${ratios.length} estimates are within 30 % of what was measured next`);
report('Estimated and measured speed, tokens/s', rows, { ...machine, within: within / ratios.length });
