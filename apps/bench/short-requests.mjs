/**
 * Must-show 7: ten thousand short requests in one process, through the engine and through the AI SDK. They arrive in bursts
 * larger than the queue, which refuses what it cannot hold, and in trickles; what was refused comes again. Some are given
 * up, some cannot be. Memory must stay flat, open requests within their bound, nothing may be left. How long a full queue
 * takes to say no is measured too.
 * node apps/bench/short-requests.mjs [REQUESTS]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { getEngine } from '@trivium/native';
import { createTrivium } from '@trivium/sdk/provider';
import { report } from './lib/data.mjs';
import { writeRandomLlama } from './lib/random-llama.mjs';
import { nextRequest, randomFrom, send } from './lib/short-requests.mjs';
import { growthPercent, holdMemoryStill, settledMemory } from './lib/still-memory.mjs';

holdMemoryStill(fileURLToPath(import.meta.url));

const all = Number(process.argv[2] ?? 10_000);
const share = all / 10;
const limits = { maxSequences: 8, maxQueue: 24, contextTokens: 256, kvMemoryBytes: 8 * 2 ** 20 };
const mostOpen = 2 * (limits.maxSequences + limits.maxQueue); // two models: the engine's and the provider's
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const turn = () => new Promise((resolve) => setImmediate(resolve));
const random = randomFrom(7);

const endings = { completed: 0, cancelled: 0, invalid: 0 };
const refused = { times: 0, requests: 0, largestOpen: 0 };
const waits = { queue: figures(), engineToken: figures(), providerToken: figures(), refused: figures() };
let open = 0;

/** Room for all figures from the start, for what grows meanwhile must be a leak. */
function figures() {
  const values = new Float64Array(8 * all).fill(-1); // touched: resident from now on
  let count = 0;
  return {
    push: (value) => {
      values[count++ % values.length] = value;
    },
    sorted: () => values.slice(0, Math.min(count, values.length)).sort(),
  };
}

function lookAtQueue() {
  const { liveSequences, queuedRequests } = getEngine().stats();
  refused.largestOpen = Math.max(refused.largestOpen, liveSequences + queuedRequests);
}

/** Sends until it is taken. */
async function settle(request, models) {
  open++;
  for (let attempt = 0; ; attempt++) {
    const outcome = await send(request, models);
    lookAtQueue();
    if (outcome.ending !== 'busy') {
      if (attempt > 0) refused.requests++;
      endings[outcome.ending]++;
      if (outcome.queueMs !== undefined) waits.queue.push(outcome.queueMs);
      if (outcome.firstTokenMs !== undefined)
        waits[request.provider ? 'providerToken' : 'engineToken'].push(outcome.firstTokenMs);
      open--;
      return;
    }
    refused.times++;
    waits.refused.push(outcome.endMs);
    await pause(1 + random() * 20);
  }
}

/**
 * Sends `count` requests, each in a turn of the event loop of its own, as a server gets them: every other wave without a
 * pause, the others a few a millisecond; the next wave when most are done.
 */
async function sendWaves(count, models) {
  const sent = [];
  for (let wave = 0; sent.length < count; wave++) {
    const size = Math.min(wave % 2 === 0 ? 200 : 50, count - sent.length);
    for (let i = 0; i < size; i++) {
      sent.push(settle(nextRequest(random), models));
      await (wave % 2 === 0 || random() < 0.7 ? turn() : pause(1));
    }
    lookAtQueue();
    while (open > 30) await pause(1);
  }
  await Promise.all(sent);
}

const hundredths = (ms) => Math.round(ms * 100) / 100;
function percentiles(name, kept) {
  const sorted = kept.sorted();
  const at = (part) => hundredths(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0);
  return { name, count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

const folder = mkdtempSync(path.join(tmpdir(), 'trivium-short-'));
try {
  writeRandomLlama(folder, { width: 128, ffn: 352, layers: 4 });
  const model = await getEngine().loadModel(folder, limits);
  const trivium = createTrivium({ specification: 'v3', ...limits });
  await trivium.preload(folder);
  const models = { model, provider: trivium(folder) };

  const memory = [];
  let seconds = 0;
  for (let thousand = 1; thousand <= 10; thousand++) {
    const began = performance.now();
    await sendWaves(share, models);
    seconds += (performance.now() - began) / 1000;
    memory.push({ name: `after ${(thousand * share).toLocaleString('en')}`, ...(await settledMemory()) });
  }
  const rows = memory.map((row) => ({ ...row, growthPercent: growthPercent(memory[0], row) }));
  report('Memory around short requests, MB', rows);
  report('Waiting, ms', [
    percentiles('in the queue', waits.queue),
    percentiles('until the first token, engine', waits.engineToken),
    percentiles('until the first token, AI SDK', waits.providerToken),
    percentiles('until a full queue refuses', waits.refused),
  ]);
  const { liveSequences, queuedRequests, kvUsedBytes } = getEngine().stats();
  const facts = {
    'requests a second': Math.round(all / seconds),
    ...endings,
    'refused by a full queue': refused.times,
    'taken after a refusal': refused.requests,
    'most open at once': refused.largestOpen,
    'bound of open ones': mostOpen,
    'sequences left': liveSequences + queuedRequests,
    'bytes of pages left': kvUsedBytes,
  };
  report(
    'Requests',
    Object.entries(facts).map(([name, value]) => ({ name, value })),
  );

  const ended = endings.completed + endings.cancelled + endings.invalid;
  const faults = Object.entries({
    'a request has no ending': ended !== all,
    'more requests were open than their bound': refused.largestOpen > mostOpen,
    'no burst was larger than the queue': refused.times === 0,
    'something is left': liveSequences + queuedRequests + kvUsedBytes > 0,
  }).flatMap(([fault, found]) => (found ? [fault] : []));
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
  await trivium.dispose();
  await model.dispose();
} finally {
  rmSync(folder, { recursive: true });
}
