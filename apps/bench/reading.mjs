/**
 * Must-show 4: from folder to searchable index in MB/s, contextual embeddings in kB/s, the second read, peak memory.
 * node apps/bench/reading.mjs [FOLDER] (default: the documentation inside the installed `ai` package)
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLibrary } from '@trivium/sdk/documents';
import { aiDocs, report, skip } from './lib/data.mjs';
import { nanoEmbedder } from './lib/embedders.mjs';

const folder = process.argv[2] ?? aiDocs() ?? skip('the package `ai` is not installed: run npm ci');
const cacheDir = mkdtempSync(path.join(tmpdir(), 'trivium-reading-'));

async function timedRead() {
  const library = await createLibrary({ cacheDir });
  const started = performance.now();
  const { bytes, tokens, chunks, changed, warnings } = await library.read([folder]);
  const ms = performance.now() - started;
  for (const warning of warnings) console.error(warning);
  const passages = await library.passages();
  await library.dispose();
  return { ms, bytes, tokens, chunks, changed, passages };
}

const first = await timedRead();
const second = await timedRead();
rmSync(cacheDir, { recursive: true });
const nano = await nanoEmbedder('contextual');
let embeddedKBPerSecond;
if (nano) {
  const texts = first.passages.slice(0, 400).map(({ text }) => text);
  const bytes = Buffer.byteLength(texts.join(''));
  await nano.embed(texts.slice(0, 8));
  const started = performance.now();
  for (let i = 0; i < texts.length; i += 32) await nano.embed(texts.slice(i, i + 32));
  embeddedKBPerSecond = Math.round(bytes / (performance.now() - started));
  await nano.dispose();
}
const round = (value) => Math.round(value * 100) / 100;
const row = {
  name: path.basename(folder),
  MB: round(first.bytes / 1e6),
  tokens: first.tokens,
  passages: first.chunks,
  firstReadMBPerSecond: round(first.bytes / 1000 / first.ms),
  secondReadMs: Math.round(second.ms),
  changedAgain: second.changed,
  embeddedKBPerSecond,
  peakMemoryMB: Math.round(process.resourceUsage().maxRSS / 1024),
};
report('Reading', [row]);
