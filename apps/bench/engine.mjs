/**
 * Must-show of the engine: its speed and its fidelity beside node-llama-cpp's, over the same file, the same ids, the same
 * threads and the same instruction set. Prefill is --prompt tokens to the first token out, decode is 64 greedy tokens
 * after them; rounds are interleaved and what counts is the median of their paired ratios. Run it alone on the machine.
 * node apps/bench/engine.mjs [--small] [--quality [--nano]] [--types Q4_0,Q4_K_M,Q8_0] [--isa best,avx2] [--rounds 5]
 *   [--prompt 512]
 * --small: a model of 100 million parameters instead of 1.1 billion. --quality: divergence from the f32 model instead of
 * speed, over the small one; with --nano over the embedded language model, in every type that the engine reads. Both
 * engines take the processors they are given: `taskset -c 0,1 node …` where there are more than two. The peer comes by `node apps/bench/setup-peers.mjs`; without it ours is measured alone, and the output says so.
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { readBandwidth } from './lib/bandwidth.mjs';
import { report, skip } from './lib/data.mjs';
import { engineCache, modelsAbsent, nanoModel, randomModel } from './lib/engine-models.mjs';
import { startPair } from './lib/engine-pair.mjs';
import { measureQuality, qualityTokens } from './lib/engine-quality.mjs';
import { decodedTokens, measureRounds, median, pairedRatios } from './lib/engine-rounds.mjs';
import { nodeLlamaCpp } from './lib/peers.mjs';

const { values } = parseArgs({
  options: {
    small: { type: 'boolean', default: false },
    quality: { type: 'boolean', default: false },
    nano: { type: 'boolean', default: false },
    types: { type: 'string' },
    isa: { type: 'string', default: process.arch === 'x64' ? 'best,avx2' : 'best' },
    rounds: { type: 'string', default: '5' },
    prompt: { type: 'string', default: '512' },
  },
});

function listOf(flag, known) {
  const list = values[flag]?.split(',') ?? known;
  const unknown = list.find((word) => !known.includes(word));
  if (unknown === undefined) return list;
  console.error(`--${flag} takes ${known.join(', ')}, not "${unknown}"`);
  process.exit(1);
}

const isNano = values.nano && values.quality;
const types = listOf(
  'types',
  isNano ? ['F32', 'F16', 'BF16', 'Q8_0', 'Q6_K', 'Q5_K', 'Q4_K', 'Q4_0'] : ['Q4_0', 'Q4_K_M', 'Q8_0'],
);
const isas = listOf('isa', ['best', 'avx2']);

function wholeNumber(flag) {
  const number = Number(values[flag]);
  if (Number.isInteger(number) && number >= 1) return number;
  console.error(`--${flag} takes a whole number from 1, not "${values[flag]}"`);
  process.exit(1);
}

const rounds = wholeNumber('rounds');
const promptTokens = wholeNumber('prompt');
const absent = modelsAbsent();
if (absent) skip(absent);
const peer = nodeLlamaCpp();
const shape = isNano ? 'nano' : values.small || values.quality ? '100m' : '1b';
/** Before the run; an engine that spins at barriers loses most when others want the processors. */
const loadBefore = loadavg()[0];
const quietLoad = 0.5;
const machine = {
  loadBefore,
  processor: cpus()[0].model.trim(),
  peer: peer.absent ?? `node-llama-cpp ${peer.version}`,
  shape,
};
const significant = (value) => Number(value.toPrecision(4));
const rounded = (row) =>
  Object.fromEntries(
    Object.entries(row).map(([key, value]) => [key, typeof value === 'number' ? significant(value) : value]),
  );

/** Prefill and decode of one type at one instruction set; `undefined` where that is what was measured before. */
async function measureSpeed(type, isa, seenBuilds) {
  const file = randomModel(shape, type);
  const contextTokens = promptTokens + 4 * decodedTokens;
  const pair = await startPair({ file, contextTokens, isa, peer, cacheFolder: engineCache });
  try {
    const [ours, theirs] = pair.engines;
    const { build, threads, bytesPerToken, vocabularySize } = ours.facts;
    if (seenBuilds.has(build)) return undefined;
    seenBuilds.add(build);
    const speeds = await measureRounds(pair.engines, { rounds, promptTokens, vocabularySize });
    const rows = ['prefill', 'decode'].map((measure) => {
      const { trivium, 'node-llama-cpp': other } = speeds[measure];
      return rounded({
        name: `${type} ${build} ${measure}`,
        trivium: median(trivium),
        ...(other && { nodeLlamaCpp: median(other), ...pairedRatios(trivium, other) }),
        ...(measure === 'decode' && { weightGBPerSecond: (median(trivium) * bytesPerToken) / 1e9 }),
      });
    });
    return {
      rows,
      notes: pair.notes,
      builds: { trivium: build, ...(theirs && { nodeLlamaCpp: theirs.facts }) },
      threads,
    };
  } finally {
    await pair.close();
  }
}

async function speed() {
  const rows = [];
  const notes = new Set();
  if (loadBefore > quietLoad) {
    notes.add(
      `load average ${loadBefore.toFixed(1)} before the run: the machine was not quiet, these ratios are no evidence`,
    );
  }
  const builds = [];
  let threads;
  for (const type of types) {
    const seenBuilds = new Set();
    for (const isa of isas) {
      const measured = await measureSpeed(type, isa, seenBuilds);
      if (!measured) {
        notes.add(`--isa ${isa} is what this machine chooses by itself: measured once`);
        continue;
      }
      rows.push(...measured.rows);
      for (const note of measured.notes) notes.add(note);
      builds.push({ type, isa, ...measured.builds });
      threads = measured.threads;
    }
  }
  const limits = readBandwidth(engineCache, threads);
  for (const { isa, nodeLlamaCpp } of builds.slice(0, isas.length)) {
    if (nodeLlamaCpp)
      console.log(`node-llama-cpp, ${isa}: ${nodeLlamaCpp.build}, ${nodeLlamaCpp.systemInfo}`);
  }
  for (const note of notes) console.log(note);
  report(
    `Speed, tokens/s: prefill of ${promptTokens}, decode of ${decodedTokens} after them, medians of ${rounds} rounds`,
    rows,
    { ...machine, threads, rounds, limits, notes: [...notes], builds },
  );
}

async function quality() {
  const rows = [];
  const notes = new Set();
  for (const type of types) {
    const file = isNano ? nanoModel(type) : randomModel(shape, type);
    const measured = await measureQuality({ file, name: type, isas, peer });
    rows.push(...measured.rows.map(rounded));
    for (const note of measured.notes) notes.add(note);
  }
  for (const note of notes) console.log(note);
  report(`Divergence from the f32 model over ${qualityTokens} tokens, nats`, rows, {
    ...machine,
    notes: [...notes],
  });
}

await (values.quality ? quality() : speed());
