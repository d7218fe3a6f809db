/**
 * Two hundred downloads with faults drawn at random, each by its own seed: the network cuts, lies and sends too much, the
 * disk fills up at any write, the caller gives up. Whatever happens, a failure is typed, no wrong file has a final name,
 * and a further try brings the right one.
 */
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TriviumError } from '@trivium/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { diskFiles, type FileLayer } from '../../src/models/hub/file-layer.js';
import { ModelHub } from '../../src/models/hub/model-hub.js';
import { FakeHub, type Fault, sha256 } from './fake-hub.js';
import { finalFiles } from './hub-cache-check.js';

const runs = 200;
const retry = { attempts: 2, baseDelayMs: 1, maxDelayMs: 5 };
const bytes = (seed: number, length: number) =>
  Buffer.from(Array.from({ length }, (_, index) => (index * (seed + 3) * 31 + seed) % 253));
const files = {
  'model-00001-of-00002.gguf': bytes(1, 70_000),
  'model-00002-of-00002.gguf': bytes(2, 30_000),
};
const checksums: Record<string, string> = Object.fromEntries(
  Object.entries(files).map(([path, content]) => [path, sha256(content)]),
);

/** mulberry32: the same faults for the same seed, on every machine. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function drawFault(random: () => number): Fault {
  const some = Math.floor(random() * 60_000);
  const faults: Fault[] = [
    { kind: 'none' },
    { kind: 'cut', afterBytes: some },
    { kind: 'cut', afterBytes: some },
    { kind: 'short', afterBytes: some },
    { kind: 'long', extraBytes: 1 + (some % 5000) },
    { kind: 'flip', atByte: some },
    { kind: 'ignore-range' },
    { kind: 'wrong-range' },
    { kind: 'wrong-length' },
    { kind: 'wrong-etag' },
    { kind: 'html' },
    { kind: 'refuse' },
    { kind: 'status', status: [403, 404, 416, 429, 500, 503][some % 6]! },
  ];
  return faults[Math.floor(random() * faults.length)]!;
}

/** A disk that is full after so many bytes: the last write is a short one, as on a real disk. */
function diskOf(capacityBytes: number): FileLayer {
  let left = capacityBytes;
  const full = () => Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const opening = async (...given: Parameters<typeof open>) => {
    const handle = await open(...given);
    const write = handle.write.bind(handle) as (
      from: Uint8Array,
      at: number,
      length: number,
      position: number,
    ) => Promise<{ bytesWritten: number }>;
    const limited = async (from: Uint8Array, at: number, length: number, position: number) => {
      const fits = Math.min(length, left);
      if (fits === 0) throw full();
      left -= fits;
      return write(from, at, fits, position);
    };
    return Object.assign(handle, { write: limited });
  };
  return { ...diskFiles, open: opening as typeof open };
}

let hub: FakeHub;
beforeAll(async () => {
  hub = await new FakeHub().start();
  hub.commit('org/repo', files);
});
afterAll(() => hub.stop());

async function expectNoWrongFile(folder: string): Promise<void> {
  for (const [path, checksum] of Object.entries(await finalFiles(join(folder, 'models'))))
    expect(checksum, path).toBe(checksums[path]);
}

/** What happened, by error code, over all runs: says that the faults were faults. */
const outcomes = new Map<string, number>();

async function run(seed: number): Promise<void> {
  const random = randomOf(seed);
  const folder = await mkdtemp(join(tmpdir(), 'trivium-property-'));
  const settings = {
    endpoint: hub.endpoint,
    cacheDir: folder,
    huggingFaceCacheDir: join(folder, 'hf'),
    offline: false,
  };
  try {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      hub.faults.length = 0;
      const count = 1 + Math.floor(random() * 6);
      for (let index = 0; index < count; index += 1) hub.faults.push(drawFault(random));
      const disk = random() < 0.3 ? diskOf(Math.floor(random() * 100_000)) : diskFiles;
      const signal = random() < 0.15 ? AbortSignal.timeout(Math.floor(random() * 12)) : undefined;
      const outcome = await new ModelHub(settings, { files: disk, retry })
        .pull('hf:org/repo', { signal })
        .then(
          () => 'ok',
          (error: unknown) => {
            if (signal?.aborted) return 'aborted';
            expect(TriviumError.isInstance(error), String((error as Error).stack)).toBe(true);
            const { code, message, remedy } = error as TriviumError;
            expect(code, message).not.toBe('internal');
            expect(remedy, message).toBeTruthy();
            return code;
          },
        );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      await expectNoWrongFile(folder);
    }
    hub.faults.length = 0;
    const { path } = await new ModelHub(settings, { retry }).pull('hf:org/repo');
    expect(sha256(await readFile(path))).toBe(checksums['model-00001-of-00002.gguf']);
    expect(await finalFiles(join(folder, 'models'))).toEqual(checksums);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

it(`leaves no wrong file after any of ${runs} troubled downloads, and the next try succeeds`, {
  timeout: 300_000,
}, async () => {
  for (let seed = 1; seed <= runs; seed += 1) {
    try {
      await run(seed);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
  for (const outcome of ['ok', 'network', 'corrupt', 'io', 'not-found', 'aborted'])
    expect(outcomes.get(outcome) ?? 0, `${outcome} of ${JSON.stringify([...outcomes])}`).toBeGreaterThan(0);
});
