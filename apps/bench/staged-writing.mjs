/**
 * Must-show of staged writing with a real model: from the documentation inside the `ai` package to a text of 1,500 words, in
 * the order of its stages, the summary at its share, every citation a slice of its file; then the same writing, killed at
 * random events and resumed from its checkpoint, byte for byte.
 * node apps/bench/staged-writing.mjs [--model nano] [--words 1500] [--kills 2] [--paths FOLDER]
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createClient, documents } from '@trivium/sdk';
import { aiDocs, report } from './lib/data.mjs';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'nano' },
    words: { type: 'string', default: '1500' },
    kills: { type: 'string', default: '2' },
    paths: { type: 'string', default: aiDocs() },
  },
});
const words = Number(values.words);
const ratio = 0.3;
const call = {
  paths: [values.paths],
  instruction: 'A guide to streaming text and calling tools for developers',
  words,
  summaryRatio: ratio,
  model: values.model,
};
const folder = mkdtempSync(path.join(tmpdir(), 'trivium-staged-'));

/** Runs the writing in a client of its own; `stopAt`: the event after which it is aborted. */
async function write({ checkpoint, stopAt = Number.POSITIVE_INFINITY } = {}) {
  const client = createClient();
  const control = new AbortController();
  const events = [];
  const result = client.use(documents).write(
    { ...call, ...(checkpoint && { checkpoint }) },
    {
      signal: control.signal,
      onProgress: (event) => {
        if (event.type === 'read-progress') return;
        events.push(event);
        if (events.length > stopAt) control.abort(new Error('killed'));
      },
    },
  );
  try {
    return { events, result: await result };
  } catch (error) {
    if (control.signal.aborted) return { events };
    throw error;
  } finally {
    await client[Symbol.asyncDispose]();
  }
}

const { events, result } = await write();
const order = events.filter(({ type }) => type === 'stage-start').map(({ stage }) => stage);
const [summary] = result.stages;
const sliced = result.citations.filter(
  ({ path: file, start, end, text }) => readFileSync(file, 'utf8').slice(start, end) === text,
).length;
console.log(`${result.text}\n`);

const resumed = [];
for (let kill = 0; kill < Number(values.kills); kill++) {
  const checkpoint = path.join(folder, `${kill}.json`);
  const stopAt = Math.floor(((kill + Math.random()) / Number(values.kills)) * (events.length - 2));
  const killed = await write({ checkpoint, stopAt });
  const again = await write({ checkpoint });
  resumed.push({
    killedAfter: `${killed.events.length} of ${events.length} events`,
    same: again.result.text === result.text,
  });
}
rmSync(folder, { recursive: true });
report(`Staged writing with ${values.model}`, [
  {
    name: 'written',
    order: order.join(' > '),
    share: Number((summary.words / words).toFixed(4)),
    words: result.words,
    ofTarget: Number((result.words / words).toFixed(3)),
    citations: result.citations.length,
    sliced,
    calls: result.usage.calls,
    outputTokens: result.usage.outputTokens,
    warnings: result.warnings.length,
    seconds: Math.round(result.ms / 1000),
  },
  ...resumed.map((row, index) => ({ name: `resumed ${index + 1}`, ...row })),
]);
