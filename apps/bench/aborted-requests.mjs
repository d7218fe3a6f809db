/**
 * Must-show 4: what requests that are aborted at random moments leave behind: sequences, queued requests, memory. Ten
 * times 1,000, one figure after each. Refuses to know what a model says.
 *
 * The engine keeps the pages of prompts it has computed, for whoever sends the same prefix again, until the key/value
 * memory that the model was loaded with is full; then it evicts. So the start is taken once it is full. V8 breathes on its
 * own: its young generation grows and shrinks by tens of megabytes with the number of events alive, and its collector's
 * threads keep freed memory in malloc arenas of theirs. Both are held still by flags, so that what grows is a leak.
 * node apps/bench/aborted-requests.mjs
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { getEngine } from '@trivium/native';
import { report } from './lib/data.mjs';
import { writeRandomLlama } from './lib/random-llama.mjs';

const flags = ['--expose-gc', '--single-threaded-gc', '--max-semi-space-size=1'];
if (!globalThis.gc) {
  const { status } = spawnSync(process.execPath, [...flags, fileURLToPath(import.meta.url)], {
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
}

const kvMemoryBytes = 32 * 2 ** 20;
const atOnce = 50;
const mostTokens = 40;
const rounds = 10;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Numbers in [0, 1) with a fixed seed, so that a run can be repeated.
let state = 7;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};

const megabytes = (bytes) => Math.round(bytes / 1e5) / 10;

/** Resident memory and its known parts in MB; `other` is code, weights, scratch memory and what malloc keeps. */
async function settledMemory() {
  for (let turn = 0; turn < 500 && getEngine().stats().liveSequences > 0; turn++) await pause(10);
  await pause(200);
  globalThis.gc();
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
  const { kvBytes } = getEngine().stats();
  const parts = { rss, kv: kvBytes, heapTotal, heapUsed, external };
  const other = rss - kvBytes - heapTotal - external;
  return Object.fromEntries(
    Object.entries({ ...parts, other }).map(([name, bytes]) => [name, megabytes(bytes)]),
  );
}

const endings = { beforeFirstToken: 0, whileDecoding: 0 };

/** Every prompt is another one, so that eviction is part of what is measured. */
function generate(model, signal) {
  const tokens = Array.from({ length: 70 + Math.floor(random() * 80) }, () => Math.floor(random() * 60));
  return model.generate({ tokens, maxTokens: mostTokens, stopTokens: [], ...(signal && { signal }) });
}

/** Aborted after `abortMs` or its `lastToken`-th token, whichever comes first: none ends by itself. */
async function abortedRequest(model, abortMs, lastToken) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), abortMs);
  let tokens = 0;
  try {
    for await (const { type } of generate(model, controller.signal))
      if (type === 'token' && ++tokens === lastToken) controller.abort();
    throw new Error('a request that was aborted has finished');
  } catch (error) {
    if (error.name !== 'AbortError') throw error;
    endings[tokens === 0 ? 'beforeFirstToken' : 'whileDecoding']++;
  } finally {
    clearTimeout(timer);
  }
}

/** How long as many requests take that nobody aborts: the moments of the next thousand are spread over it. */
async function wholeBatch(model) {
  const began = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for await (const _ of generate(model));
    }),
  );
  return performance.now() - began;
}

async function abortThousand(model) {
  const batchMs = await wholeBatch(model);
  for (let sent = 0; sent < 1000; sent += atOnce) {
    const requests = Array.from({ length: atOnce }, () =>
      abortedRequest(model, random() * batchMs, 1 + Math.floor(random() * (mostTokens - 1))),
    );
    await Promise.all(requests);
  }
}

const folder = mkdtempSync(path.join(tmpdir(), 'trivium-aborted-'));
try {
  writeRandomLlama(folder, { width: 256, ffn: 704, layers: 2 });
  const model = await getEngine().loadModel(folder, { kvMemoryBytes });
  for (let before = -1; getEngine().stats().kvUsedBytes > before; ) {
    before = getEngine().stats().kvUsedBytes;
    await wholeBatch(model);
  }
  // V8's old pages and malloc's high-water marks settle in the first two thousand.
  await abortThousand(model);
  await abortThousand(model);
  for (const ending of Object.keys(endings)) endings[ending] = 0;
  const start = await settledMemory();
  const rows = [{ name: 'start', ...start, growthPercent: 0 }];
  for (let round = 1; round <= rounds; round++) {
    await abortThousand(model);
    const after = await settledMemory();
    const growthPercent = Math.round((after.rss / start.rss - 1) * 1000) / 10;
    rows.push({ name: `after ${round},000`, ...after, growthPercent });
  }
  const { liveSequences, queuedRequests } = getEngine().stats();
  report('Memory around aborted requests, MB', rows, { endings, liveSequences, queuedRequests });
  console.log({ endings, liveSequences, queuedRequests });
  await model.dispose();
} finally {
  rmSync(folder, { recursive: true });
}
