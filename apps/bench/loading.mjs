/**
 * How long a model takes from its file to the first token that it could write: types as they are in the file, and f32 that is
 * quantized while it is loaded. Medians of repeated loads of a file that the system has read before.
 * node apps/bench/loading.mjs [--rounds 5]
 */
import { statSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { getEngine } from '@trivium/native';
import { report, skip } from './lib/data.mjs';
import { dequantizedModel, modelsAbsent, randomModel } from './lib/engine-models.mjs';
import { median, roundsOf } from './lib/engine-rounds.mjs';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const rounds = roundsOf(values.rounds);
const absent = modelsAbsent();
if (absent) skip(absent);

const types = ['Q4_0', 'Q4_K_M', 'Q8_0'];
const whole = dequantizedModel(randomModel('100m', 'Q8_0'));
const loads = [
  ...types.map((type) => ({ name: type, file: randomModel('100m', type) })),
  { name: 'F32', file: whole },
  ...['q8_0', 'q4_0', 'q4_k', 'q6_k'].map((quantize) => ({
    name: `F32 to ${quantize}`,
    file: whole,
    options: { quantize },
  })),
];
const engine = getEngine();
const rows = [];
for (const { name, file, options } of loads) {
  const times = [];
  // The first reads the file.
  for (let round = -1; round < rounds; round++) {
    const started = performance.now();
    const model = await engine.loadModel(file, options);
    if (round >= 0) times.push(performance.now() - started);
    await model.dispose();
  }
  const ms = median(times);
  rows.push({ name, ms: Math.round(ms), 'MB/s': Math.round(statSync(file).size / 1000 / ms) });
}
report('Loading 100 million weights', rows, {
  processor: cpus()[0].model.trim(),
  threads: engine.backend.threads,
  rounds,
});
