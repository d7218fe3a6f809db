/**
 * How long the event loop waits while the engine prefills 4,000 tokens, while the demo's folder is read, searched and
 * summarized, and while a long chat is answered. Run it alone on the machine. What aborted requests leave behind is
 * measured by aborted-requests.mjs.
 * node apps/bench/runtime.mjs
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getEngine } from '@trivium/native';
import { createLibrary } from '@trivium/sdk/documents';
import { createLongText } from '@trivium/sdk/long-text';
import { createTrivium } from '@trivium/sdk/provider';
import { generateText } from 'ai';
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

/** That ends with what the user says. */
const chat = (content) => [
  ...Array.from({ length: 59 }, (_, i) => ({
    role: i % 2 === 0 ? 'user' : 'assistant',
    content: `Stream ${i} stops here.`,
  })),
  { role: 'user', content },
];

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
  rows.push(await delays('summary', () => createLongText({ library }).summarize()));
  const trivium = createTrivium({ specification: 'v3' });
  const answer = (content) =>
    generateText({ model: trivium('nano'), messages: chat(content), maxOutputTokens: 8 });
  await answer('Hello');
  rows.push(await delays('chat of 60 messages', () => answer('And what of stream 30?')));
  await trivium.dispose();
  await library.dispose();
  await model.dispose();
  report('Event loop delay, ms', rows);
} finally {
  rmSync(folder, { recursive: true });
}
