/**
 * Must-show 9: what requests that are aborted at random moments leave behind: sequences, queued requests, memory. Ten
 * times 1,000, one figure after each. Refuses to know what a model says.
 *
 * The engine keeps the pages of prompts it has computed, for whoever sends the same prefix again, until the key/value
 * memory that the model was loaded with is full; then it evicts. So the start is taken once it is full.
 * node apps/bench/aborted-requests.mjs
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { getEngine } from '@trivium/native';
import { report } from './lib/data.mjs';
import { writeRandomLlama } from './lib/random-llama.mjs';
import { growthPercent, holdMemoryStill, settledMemory } from './lib/still-memory.mjs';

holdMemoryStill(fileURLToPath(import.meta.url));

const kvMemoryBytes = 32 * 2 ** 20;
const atOnce = 50;
const mostTokens = 40;
const rounds = 10;

// Numbers in [0, 1) with a fixed seed, so that a run can be repeated.
let state = 7;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};

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
    rows.push({ name: `after ${round},000`, ...after, growthPercent: growthPercent(start, after) });
  }
  const { liveSequences, queuedRequests } = getEngine().stats();
  report('Memory around aborted requests, MB', rows, { endings, liveSequences, queuedRequests });
  console.log({ endings, liveSequences, queuedRequests });
  await model.dispose();
} finally {
  rmSync(folder, { recursive: true });
}
