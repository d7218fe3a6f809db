/**
 * Must-show 4 and 9: how long the event loop waits while the engine prefills 4,000 tokens and while the demo's folder is
 * read; what 1,000 aborted requests leave behind. Run it alone on the machine.
 * node apps/bench/runtime.mjs
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getEngine } from '@trivium/native';
import { createLibrary } from '@trivium/sdk/documents';
import { aiDocs, report, skip } from './lib/data.mjs';
import { writeRandomLlama } from './lib/random-llama.mjs';

const docs = aiDocs() ?? skip('the package `ai` is not installed: run npm ci');
const folder = mkdtempSync(path.join(tmpdir(), 'trivium-runtime-'));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The histogram counts the timer's own millisecond as delay; that of an idle loop is in the first row. */
async function delays(name, work) {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  const started = performance.now();
  await work();
  const ms = Math.round(performance.now() - started);
  histogram.disable();
  const inMs = (nanoseconds) => Math.round(nanoseconds / 1e4) / 100;
  return {
    name,
    ms,
    p50: inMs(histogram.percentile(50)),
    p99: inMs(histogram.percentile(99)),
    max: inMs(histogram.max),
  };
}

async function generate(model, options) {
  for await (const _ of model.generate({ stopTokens: [], ...options }));
}

const rows = [];
try {
  rows.push(await delays('idle', () => pause(2000)));
  writeRandomLlama(folder);
  const model = await getEngine().loadModel(folder);
  await generate(model, { tokens: [1, 2, 3], maxTokens: 2 });
  const tokens = Array.from({ length: 4000 }, (_, i) => (i * 7) % 60);
  rows.push(await delays('prefill of 4,000 tokens', () => generate(model, { tokens, maxTokens: 1 })));
  const library = await createLibrary({ cacheDir: false });
  rows.push(await delays('reading', () => library.read([docs])));
  rows.push(
    await delays('10 searches', async () => {
      for (let i = 0; i < 10; i++) await library.search(`how do I abort stream ${i}?`);
    }),
  );
  await library.dispose();
  report('Event loop delay, ms', rows);

  const abortSome = (count) =>
    Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const controller = new AbortController();
        const timer = setTimeout(() => controller.abort(), (i * 37) % 1000);
        await generate(model, {
          tokens: tokens.slice(i % 50, 100 + (i % 50)),
          maxTokens: 40,
          signal: controller.signal,
        })
          .catch((error) => {
            if (error.name !== 'AbortError') throw error;
          })
          .finally(() => clearTimeout(timer));
      }),
    );
  const memory = [];
  for (let round = 0; round < 5; round++) {
    for (let part = 0; part < 20; part++) await abortSome(50);
    await pause(500);
    globalThis.gc?.();
    memory.push(Math.round(process.memoryUsage().rss / 1e5) / 10);
  }
  const { liveSequences, queuedRequests } = getEngine().stats();
  const growth = memory.at(-1) / memory[0] - 1;
  report('After each 1,000 aborted requests', [
    {
      name: 'memory, MB',
      ...memory,
      growthPercent: Math.round(growth * 1000) / 10,
      liveSequences,
      queuedRequests,
    },
  ]);
  await model.dispose();
} finally {
  rmSync(folder, { recursive: true });
}
