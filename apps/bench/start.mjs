/**
 * How long a model takes from loadModel until it is ready, and what it takes of memory meanwhile: packed by the first start,
 * mapped by the second, and each again without a pack cache. Every start is a process of its own over files that the system has
 * read before; private memory is what no other process could share. Decoding follows, for mapped weights lie on small pages.
 * node apps/bench/start.mjs [--shape 1b|100m] [--rounds 3] [--only NAME]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { getEngine } from '@trivium/native';
import { report, skip } from './lib/data.mjs';
import { dequantizedModel, modelsAbsent, randomModel } from './lib/engine-models.mjs';
import { median, promptOf, roundsOf } from './lib/engine-rounds.mjs';

const { values } = parseArgs({
  options: {
    shape: { type: 'string', default: '1b' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string' },
    start: { type: 'string' },
  },
});

/** Bytes of this process that are no page of a file, where the system says so. */
function privateBytes() {
  const found = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return found ? Number(found[1]) * 1024 : Number.NaN;
}

async function start({ file, quantize, packCache }) {
  const engine = getEngine();
  let peakBytes = 0;
  const note = () => {
    peakBytes = Math.max(peakBytes, privateBytes());
  };
  const timer = setInterval(note, 5);
  const began = performance.now();
  const model = await engine.loadModel(file, {
    packCache,
    contextTokens: 1024,
    ...(quantize && { quantize }),
  });
  const readyMs = performance.now() - began;
  note();
  clearInterval(timer);
  const tokens = promptOf(0, 16, model.info.vocabularySize);
  const decode = async () => {
    for await (const event of model.generate({ tokens, maxTokens: 64, stopTokens: [] }))
      if (event.type === 'finish') return (event.usage.outputTokens - 1) / (event.usage.decodeMs / 1000);
  };
  const firstMs = performance.now();
  for await (const event of model.generate({ tokens, maxTokens: 1, stopTokens: [] }))
    if (event.type === 'finish') break;
  const firstTokenMs = readyMs + performance.now() - firstMs;
  // So that the next start finds it, and decoding has the machine.
  const isWritten = () => readdirSync(packCache).some((name) => name.endsWith('.pack'));
  while (packCache && !isWritten()) await new Promise((resolve) => setTimeout(resolve, 20));
  const speeds = [await decode(), await decode(), await decode()];
  console.log(
    JSON.stringify({
      packed: model.info.packed,
      readyMs,
      firstTokenMs,
      peakBytes,
      tokensPerSecond: median(speeds),
    }),
  );
  process.exit(0);
}

if (values.start) await start(JSON.parse(values.start));

const rounds = roundsOf(values.rounds);
const absent = modelsAbsent();
if (absent) skip(absent);

const { shape } = values;
const models = [
  { name: 'Q4_0', file: () => randomModel(shape, 'Q4_0') },
  { name: 'Q4_K_M', file: () => randomModel(shape, 'Q4_K_M') },
  {
    name: 'BF16 to q4_k',
    file: () => dequantizedModel(randomModel(shape, 'Q4_0'), 'BF16'),
    quantize: 'q4_k',
  },
].filter(({ name }) => values.only === undefined || name === values.only);

function startInProcess(given) {
  const args = [fileURLToPath(import.meta.url), '--start', JSON.stringify(given)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`a start failed: ${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

const rows = [];
for (const { name, file, quantize } of models) {
  const given = { file: file(), ...(quantize && { quantize }) };
  const bytes = statSync(given.file).size;
  startInProcess({ ...given, packCache: false }); // reads the file
  const starts = { 'no cache': [], first: [], second: [] };
  for (let round = 0; round < rounds; round++) {
    const packCache = mkdtempSync(path.join(process.env.TRIVIUM_CACHE_DIR ?? tmpdir(), 'trivium-start-'));
    try {
      starts['no cache'].push(startInProcess({ ...given, packCache: false }));
      starts.first.push(startInProcess({ ...given, packCache }));
      starts.second.push(startInProcess({ ...given, packCache }));
    } finally {
      rmSync(packCache, { recursive: true });
    }
  }
  for (const [which, taken] of Object.entries(starts)) {
    const of = (figure) => median(taken.map((one) => one[figure]));
    rows.push({
      name: `${name}, ${which}`,
      weights: taken[0].packed,
      'file MB': Math.round(bytes / 1e6),
      'ready ms': Math.round(of('readyMs')),
      'first token ms': Math.round(of('firstTokenMs')),
      'private MB': Math.round(of('peakBytes') / 1e6),
      'tokens/s': Number(of('tokensPerSecond').toFixed(1)),
    });
  }
}
report(`Starting a llama of ${shape}`, rows, {
  processor: cpus()[0].model.trim(),
  threads: getEngine().backend.threads,
  rounds,
});
