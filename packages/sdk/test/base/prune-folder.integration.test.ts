/** The documents cache stays within its bytes, and what is used stays in it. */
import { readdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { markUsed, pruneFolder } from '../../src/base/prune-folder.js';
import { createLibrary } from '../../src/documents/index.js';
import { indexFiles } from '../../src/documents/index-cache.js';
import { packFiles } from '../../src/models/pack-cache.js';
import { type Folder, temporaryFolder } from '../documents/fixtures.js';

const index = (letter: string) => `${letter.repeat(32)}.index`;
const beingWritten = (letter: string) => `${index(letter)}.12345678-1234-1234-1234-123456789abc.tmp`;
const [a, b, c, d, undeletable] = ['a', 'b', 'c', 'd', 'f'].map(index) as [
  string,
  string,
  string,
  string,
  string,
];

// No permission keeps root from removing a file, so the system is spoken for.
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const unlink: typeof real.unlink = async (path) => {
    if (String(path).endsWith('ffff.index')) throw Object.assign(new Error('no'), { code: 'EPERM' });
    return real.unlink(path);
  };
  const utimes: typeof real.utimes = async (path, ...times) => {
    if (String(path).endsWith('ffff.index') && times[0] instanceof Date)
      throw Object.assign(new Error('no'), { code: 'EPERM' });
    return real.utimes(path, ...times);
  };
  return { ...real, unlink, utimes };
});

/** Files of 100 bytes, the first one used longest ago. */
async function fill(folder: Folder, names: readonly string[]): Promise<void> {
  for (const [age, name] of names.entries()) {
    const file = await folder.write(name, 'x'.repeat(100));
    await utimes(file, 1000 + age, 1000 + age);
  }
}

it('removes the least recently used indexes until the rest fits, and never the newest', async () => {
  await using folder = await temporaryFolder();
  await fill(folder, [a, b, c, d]);
  const at = (name: string) => join(folder.path, name);
  expect(await pruneFolder(folder.path, indexFiles, 400, at(d))).toEqual([]);
  await markUsed(at(a));
  expect(await pruneFolder(folder.path, indexFiles, 250, at(d))).toEqual([at(b), at(c)]);
  expect(await pruneFolder(folder.path, indexFiles, 0, at(d))).toEqual([at(a)]);
  expect(await readdir(folder.path)).toEqual([d]);
});

it('answers whether the index it makes the newest is there, also where its use cannot be noted', async () => {
  await using folder = await temporaryFolder();
  await fill(folder, [a, undeletable]);
  const found = (name: string) => markUsed(join(folder.path, name));
  expect([await found(a), await found(undeletable), await found(b)]).toEqual([true, true, false]);
});

it('removes what a writer that died has left, and counts what is being written', async () => {
  await using folder = await temporaryFolder();
  await fill(folder, [a, beingWritten('b'), c]);
  await folder.write(beingWritten('d'), 'x'.repeat(100));
  expect(await pruneFolder(folder.path, indexFiles, 250)).toEqual([
    join(folder.path, beingWritten('b')),
    join(folder.path, a),
  ]);
  expect((await readdir(folder.path)).sort()).toEqual([c, beingWritten('d')]);
});

it('touches no file whose name is not one of its kind', async () => {
  await using folder = await temporaryFolder();
  const foreign = [
    'mine.index',
    'notes.txt',
    'a.tmp',
    'photos.pack',
    `${a}.bak`,
    `inner/${a}`,
    'A'.repeat(32),
  ];
  const pack = '0123456789abcdef.pack';
  await fill(folder, [...foreign, a, beingWritten('b'), pack, `${pack}.tmp-12-0`]);
  expect(await pruneFolder(folder.path, packFiles, 0)).toEqual(
    [`${pack}.tmp-12-0`, pack].map((name) => join(folder.path, name)),
  );
  expect(await pruneFolder(folder.path, indexFiles, 0)).toHaveLength(2);
  expect(await readdir(folder.path)).toHaveLength(foreign.length);
});

it('goes on where a file cannot be removed, and says so afterwards', async () => {
  await using folder = await temporaryFolder();
  await fill(folder, [undeletable, a, b]);
  await expect(pruneFolder(folder.path, indexFiles, 150)).rejects.toMatchObject({ code: 'EPERM' });
  expect(await readdir(folder.path)).toEqual([undeletable]);
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
    return await library.read([join(folder.path, name)]);
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
