/** The folder of packed weights: whom the engine is told of it, and that it stays within its bytes. */
import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { InspectedModel, LoadModelOptions, NativeModel } from '@trivium/native';
import { afterEach, expect, it, vi } from 'vitest';
import { ModelStore, type ModelStoreSettings } from '../../src/models/model-store.js';
import { temporaryFolder } from '../documents/fixtures.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Models of 100 bytes that the engine says it packed, or mapped. */
function make(settings: ModelStoreSettings, packed: 'made' | 'mapped' = 'made') {
  const told: (string | false | undefined)[] = [];
  const engine = {
    inspect: async () => ({ weightBytes: 100, tensors: [] }) as unknown as InspectedModel,
    loadModel: async (path: string, { packCache }: LoadModelOptions = {}) => {
      told.push(packCache);
      return { info: { path, weightBytes: 100, packed }, dispose: async () => {} } as unknown as NativeModel;
    },
  };
  const store = new ModelStore(settings, { engine: () => engine, availableBytes: () => 10_000 });
  return { told, load: () => store.get(import.meta.filename) };
}

it.each([
  ['nowhere by default', {}, false],
  ['nowhere, if told so', { packCache: false }, false],
  ['below the cache folder', { packCache: true }, join('/cache', 'packed')],
  [
    'with the folder that models are kept in',
    { packCache: true, hub: { cacheDir: '/other' } },
    join('/other', 'packed'),
  ],
  ['where it is told', { packCache: '/packs' }, '/packs'],
  ['nowhere, if it exceeds the limit alone', { packCache: '/packs', packCacheBytes: 99 }, false],
])('packed weights are kept %s', async (_, settings, expected) => {
  vi.stubEnv('TRIVIUM_CACHE_DIR', '/cache');
  const { told, load } = make(settings);
  await load();
  expect(told).toEqual([expected]);
});

it('the least recently used files leave for one that is about to be written, and for no other', async () => {
  await using folder = await temporaryFolder();
  const packs = ['a', 'b', 'c'].map((letter) => `${letter.repeat(16)}.pack`);
  const names = [...packs, `${packs[0]}.tmp-12-0`, 'mine.pack'];
  for (const [age, name] of names.entries()) {
    const file = await folder.write(name, 'x'.repeat(100));
    await utimes(file, 1000 + age, 1000 + age);
  }
  // Read since, as the engine notes it: by its time of reading alone.
  await utimes(join(folder.path, packs[0]!), 2000, 1000);
  const settings = { packCache: folder.path, packCacheBytes: 250 };
  await make(settings, 'mapped').load();
  expect(await readdir(folder.path)).toHaveLength(5);
  await make(settings).load();
  await vi.waitFor(async () => expect((await readdir(folder.path)).sort()).toEqual([packs[0], 'mine.pack']));
});

it('a folder that is not there is no reason to fail', async () => {
  const { told, load } = make({ packCache: '/nowhere/at/all' });
  await load();
  expect(told).toEqual(['/nowhere/at/all']);
});
