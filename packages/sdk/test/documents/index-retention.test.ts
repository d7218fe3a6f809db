/** The documents cache stays within its bytes, and what is used stays in it. */
import { readdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createLibrary } from '../../src/documents/index.js';
import { markIndexUsed, pruneCache } from '../../src/documents/index-retention.js';
import { type Folder, temporaryFolder } from './fixtures.js';

/** Indexes of 100 bytes, the first one used longest ago. */
async function fill(folder: Folder, names: readonly string[]): Promise<void> {
  for (const [age, name] of names.entries()) {
    const file = await folder.write(name, 'x'.repeat(100));
    await utimes(file, 1000 + age, 1000 + age);
  }
}

it('removes the least recently used indexes until the rest fits, and never the newest', async () => {
  await using folder = await temporaryFolder();
  await fill(folder, ['a.index', 'b.index', 'c.index', 'd.index']);
  const at = (name: string) => join(folder.path, name);
  expect(await pruneCache(folder.path, '.index', 400, at('d.index'))).toEqual([]);
  await markIndexUsed(at('a.index'));
  expect(await pruneCache(folder.path, '.index', 250, at('d.index'))).toEqual([at('b.index'), at('c.index')]);
  expect(await pruneCache(folder.path, '.index', 0, at('d.index'))).toEqual([at('a.index')]);
  expect(await readdir(folder.path)).toEqual(['d.index']);
});

it('removes what a writer that died has left, and nothing else', async () => {
  await using folder = await temporaryFolder();
  await fill(folder, ['a.index.1.tmp', 'notes.txt', 'inner/b.index']);
  await folder.write('a.index.2.tmp', 'being written');
  expect(await pruneCache(folder.path, '.index', 0, join(folder.path, 'a.index'))).toEqual([
    join(folder.path, 'a.index.1.tmp'),
  ]);
  expect((await readdir(folder.path)).sort()).toEqual(['a.index.2.tmp', 'inner', 'notes.txt']);
});

it('keeps the cache of a library within cacheBytes, by last use', async () => {
  await using folder = await temporaryFolder();
  await using cache = await temporaryFolder();
  for (const name of ['one', 'two', 'three']) await folder.write(`${name}/page.md`, `${name} `.repeat(2000));
  const kept = () => readdir(join(cache.path, 'documents'));
  const read = async (name: string, cacheBytes?: number) => {
    await using library = await createLibrary({
      inProcess: true,
      cacheDir: cache.path,
      staticModel: false,
      embedModel: false,
      ...(cacheBytes !== undefined && { cacheBytes }),
    });
    return library.read([join(folder.path, name)]);
  };
  await read('one');
  const [first] = await kept();
  const { size } = await stat(join(cache.path, 'documents', first!));
  await read('two');
  for (const [age, name] of (await kept()).entries())
    await utimes(join(cache.path, 'documents', name), 1000 + age, 1000 + age);
  expect(await read('one')).toMatchObject({ changed: 0 }); // a look is a use
  expect(await read('three', 2.5 * size)).toMatchObject({ changed: 1, warnings: [] });
  expect(await kept()).toHaveLength(2);
  expect(await kept()).toContain(first);
  expect(await read('two')).toMatchObject({ changed: 1 });
});
