/**
 * Packed weights kept between processes: mapped by the second, the same bits, whatever happens to the file. Damage of every kind
 * is in tests/scheduler/pack_cache_test.cpp; here is what needs processes and the event loop.
 */
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
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
writeRandomGguf(file, 'f32', 3, { hidden: 12_288 });
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
  /** It ended while a pack was half written. */
  caught: boolean;
}
const script = fileURLToPath(new URL('./pack-cache/load.mjs', import.meta.url));
/** What a process of its own prints, which stays until there are so many packs, or ends while one is being written. */
function inProcess(
  until: `packs=${number}` | 'exit' | 'SIGTERM' = 'packs=0',
  env: Record<string, string> = {},
): Promise<Loaded> {
  const child = spawn(process.execPath, [script, file, packCache, until], {
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
      if (code === 0 || (until === 'SIGTERM' && signal === until)) resolve(JSON.parse(out) as Loaded);
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
    let count = 1;
    if (backend !== 'cpu-generic') {
      count += 1;
      const other = { TRIVIUM_ISA: 'generic' };
      expect(await inProcess(`packs=${count}`, other)).toMatchObject({ packed: 'made' });
      expect(await inProcess(`packs=${count}`, other)).toMatchObject({ packed: 'mapped' });
    }
    utimesSync(file, new Date(), new Date(statSync(file).mtimeMs + 5000));
    expect(await inProcess(`packs=${count + 1}`)).toMatchObject({ backend, packed: 'made' });
    expect(await inProcess()).toMatchObject({ backend, packed: 'mapped' });
  });

  test.for(['neon', 'avx2', 'avx512'])(
    'give the same bits with and without the cache on %s',
    async (isa, { skip }) => {
      const env = { TRIVIUM_ISA: isa };
      const made = await inProcess('packs=1', env).catch((error: Error) => {
        if (!error.message.includes('TRIVIUM_ISA')) throw error;
        return skip(`this machine has no ${isa}`);
      });
      expect(made).toMatchObject({ packed: 'made', backend: `cpu-${isa}` });
      expect(await inProcess('packs=1', env)).toEqual({ ...made, packed: 'mapped' });
    },
  );

  test('are written by two processes at once without harm', async () => {
    const both = await Promise.all([inProcess('packs=1'), inProcess('packs=1')]);
    const third = await inProcess();
    expect(third.packed).toBe('mapped');
    expect(packs()).toHaveLength(1);
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

  test('that were touched fail requests too; the next load maps them again', async () => {
    const expected = await fill();
    const pack = join(packCache, packs()[0]!);
    await using model = await getEngine().loadModel(file, { packCache });
    utimesSync(pack, new Date(), new Date(statSync(pack).mtimeMs + 5000));
    await expect(model.logits(tokens)).rejects.toMatchObject({ code: 'io', file: pack });
    await using again = await getEngine().loadModel(file, { packCache });
    expect(again.info.packed).toBe('mapped');
    expect(await again.logits(tokens)).toEqual(expected);
  });

  test('that cannot be written are made at each start', async () => {
    const taken = join(folder, 'taken');
    writeFileSync(taken, 'in the way');
    const blocked = { packCache: join(taken, 'cache') };
    await using first = await getEngine().loadModel(file, blocked);
    await using other = await getEngine().loadModel(file, { packCache });
    expect(other.info.packed).toBe('made');
    // The writer takes one after the other: now that this one is there, it has tried the one before.
    await written();
    await using second = await getEngine().loadModel(file, blocked);
    expect([first.info.packed, second.info.packed]).toEqual(['made', 'made']);
    expect(readFileSync(taken, 'utf8')).toBe('in the way');
    rmSync(taken);
  });

  /** Until it is in the midst of writing that a process ends. */
  async function endWhileWriting(how: 'exit' | 'SIGTERM'): Promise<string[]> {
    for (let attempt = 0; attempt < 20; attempt++) {
      rmSync(packCache, { recursive: true, force: true });
      if ((await inProcess(how)).caught) return packs();
    }
    throw new Error('the file was always whole already');
  }

  // Node ends its threads where they are, on process.exit() as on a signal.
  test.for(['exit', 'SIGTERM'] as const)(
    'of a process that is ended by %s are made by the next, which removes what it left',
    async (how) => {
      expect((await endWhileWriting(how)).join()).toMatch(/\.tmp-\d+-\d+$/);
      expect((await inProcess('packs=1')).packed).toBe('made');
      expect(packs().join()).toMatch(/^[0-9a-f]{16}\.pack$/);
      expect((await inProcess()).packed).toBe('mapped');
    },
  );
});
