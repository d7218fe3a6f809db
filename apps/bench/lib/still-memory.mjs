/**
 * Memory of this process as a leak would show in it. V8 breathes on its own: its young generation grows and shrinks by tens
 * of megabytes with the number of events alive, its old pages stay half empty, and glibc keeps what each thread has freed in
 * an arena of its own. All of that is held still by flags, so that what grows is a leak. Knows nothing of what ran before.
 */
import { spawnSync } from 'node:child_process';
import { getEngine } from '@trivium/native';

const flags = [
  '--expose-gc',
  '--single-threaded-gc',
  '--max-semi-space-size=1',
  '--compact-on-every-full-gc',
];
const oneArena = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '65536' };
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const megabytes = (bytes) => Math.round(bytes / 1e5) / 10;

/** Runs `script` again with V8 held still and ends this process with it; goes on where that is so already. */
export function holdMemoryStill(script) {
  if (globalThis.gc) return;
  const { status } = spawnSync(process.execPath, [...flags, script, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, ...oneArena },
  });
  process.exit(status ?? 1);
}

/** Resident memory and its known parts in MB; `other` is code, weights, scratch memory and what malloc keeps. */
export async function settledMemory() {
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

/** By how many percent `after` is more than `before`, to one digit. */
export const growthPercent = (before, after) => Math.round((after.rss / before.rss - 1) * 1000) / 10;
