/**
 * Packed weights kept between processes: mapped by the second, the same bits, whatever happens to the file. Damage of every kind
 * is in tests/scheduler/pack_cache_test.cpp; here is what needs processes and the event loop.
 */
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { getEngine } from '../lib/index.js';
import { writeRandomGguf } from './one-result/random-gguf.js';

const folder = mkdtempSync(join(tmpdir(), 'trivium-packs-'));
const file = join(folder, 'random.gguf');
// 76 MB: more than the 64 MiB from which models are kept.
writeRandomGguf(file, 'f32', 3, 12_288);
const packCache = join(folder, 'cache');
const tokens = [1, 5, 9, 2, 30, 7];
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => rmSync(packCache, { recursive: true, force: true }));

const packs = () => (existsSync(packCache) ? readdirSync(packCache) : []);
const written = (count = 1) =>
  vi.waitFor(() => expect(packs().filter((name) => name.endsWith('.pack'))).toHaveLength(count), 60_000);

interface Loaded {
  packed: string;
  backend: string;
  logits: string;
}
const script = fileURLToPath(new URL('./pack-cache/load.mjs', import.meta.url));
function inProcess(args: string[] = [], env: Record<string, string> = {}): Promise<Loaded> {
  const child = spawn(process.execPath, [script, file, packCache, ...args], {
    env: { ...process.env, ...env },
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => {
    out += text;
  });
  child.stderr.on('data', (text) => {
    err += text;
  });
  return new Promise((resolve, reject) =>
    child.on('close', (code, signal) => {
      if (code === 0) resolve(JSON.parse(out) as Loaded);
      else reject(new Error(`${code ?? signal}: ${err}`));
    }),
  );
}

/** Fills the cache from this process. */
async function fill(): Promise<Float32Array> {
  await using model = await getEngine().loadModel(file, { packCache });
  expect(model.info.packed).toBe('made');
  await written();
  return await model.logits(tokens);
}

describe('packed weights', () => {
  test('are mapped by the next load: the same logits, and figures that say so', async () => {
    await using plain = await getEngine().loadModel(file);
    expect(plain.info.packed).toBe('made');
    const expected = await plain.logits(tokens);
    expect(await fill()).toEqual(expected);
    await using model = await getEngine().loadModel(file, { packCache });
    expect(model.info.packed).toBe('mapped');
    expect(await model.logits(tokens)).toEqual(expected);
    expect(model.info.weightBytes).toBe(plain.info.weightBytes);
    expect(getEngine().stats()).toMatchObject({
      weightBytes: 2 * plain.info.weightBytes,
      mappedBytes: plain.info.weightBytes,
    });
  });

  test('are not kept unless a folder is given', async () => {
    for (const options of [{}, { packCache: false as const }]) {
      await using model = await getEngine().loadModel(file, options);
      await model.logits(tokens);
    }
    expect(readdirSync(folder)).toEqual(['random.gguf']);
  });

  test('are made again when the file changed, and when it is another instruction set that asks', async () => {
    await fill();
    const { backend, packed } = await inProcess();
    expect(packed).toBe('mapped');
    const other = backend === 'cpu-generic' ? undefined : 'generic';
    if (other) expect(await inProcess(['written'], { TRIVIUM_ISA: other })).toMatchObject({ packed: 'made' });
    utimesSync(file, new Date(), new Date(statSync(file).mtimeMs + 5000));
    expect(await inProcess()).toMatchObject({ backend, packed: 'made' });
  });

  test.for(['avx2', 'avx512'])(
    'give the same bits with and without the cache on %s',
    async (isa, { skip }) => {
      const env = { TRIVIUM_ISA: isa };
      const made = await inProcess(['written'], env).catch((error: Error) => {
        if (!error.message.includes('TRIVIUM_ISA')) throw error;
        return skip(`this machine has no ${isa}`);
      });
      expect(made).toMatchObject({ packed: 'made', backend: `cpu-${isa}` });
      expect(await inProcess([], env)).toEqual({ ...made, packed: 'mapped' });
    },
  );

  test('are written by two processes at once without harm', async () => {
    const both = await Promise.all([inProcess(['written']), inProcess(['written'])]);
    const third = await inProcess();
    expect(third.packed).toBe('mapped');
    expect(both.map(({ logits }) => logits)).toEqual([third.logits, third.logits]);
  });

  test('that were cut while mapped fail requests and not the process; the next load makes them again', async () => {
    const expected = await fill();
    const pack = join(packCache, packs()[0]!);
    await using model = await getEngine().loadModel(file, { packCache });
    truncateSync(pack, 1_000_000);
    await expect(model.logits(tokens)).rejects.toMatchObject({ code: 'io', file: pack });
    const bystander = await getEngine().loadModel(file);
    expect(await bystander.logits(tokens)).toEqual(expected);
    await bystander.dispose();
    await using again = await getEngine().loadModel(file, { packCache });
    expect(again.info.packed).toBe('made');
    expect(await again.logits(tokens)).toEqual(expected);
  });

  test('that cannot be written are made at each start', async () => {
    writeFileSync(join(folder, 'taken'), '');
    for (let start = 0; start < 2; start++) {
      await using model = await getEngine().loadModel(file, { packCache: join(folder, 'taken', 'cache') });
      expect(model.info.packed).toBe('made');
    }
    rmSync(join(folder, 'taken'));
  });

  test('of a process that ends early leave nothing half written', async () => {
    const { packed } = await inProcess();
    expect(packed).toBe('made');
    for (const name of packs()) expect(name).toMatch(/\.pack$/);
  });
});
