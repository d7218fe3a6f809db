/** What a watch does each time that it hears of a change: a look that finds nothing new leaves nothing behind that it could hear. */
import { randomUUID } from 'node:crypto';
import { readdir, stat, utimes } from 'node:fs/promises';
import { join, normalize, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { createLibrary } from '../../src/documents/index.js';
import type { watchRoots } from '../../src/documents/watch-roots.js';
import { temporaryFolder } from './fixtures.js';

const watches = vi.hoisted((): Parameters<typeof watchRoots>[] => []);
vi.mock('../../src/documents/watch-roots.js', () => ({
  watchRoots: (...watch: Parameters<typeof watchRoots>) => {
    watches.push(watch);
    return () => {};
  },
}));

async function watched() {
  const folder = await temporaryFolder();
  for (const name of ['a.md', 'b.md']) await folder.write(name, `Words of ${name}.`);
  await sleep(50); // what was written in the same moment is read again
  const cacheDir = relative('', join(folder.path, 'kept'));
  const library = await createLibrary({ inProcess: true, staticModel: false, embedModel: false, cacheDir });
  const read = async (paths = [folder.path]) => {
    await library.read(paths, { watch: true });
    const [, changed, concerns] = watches.at(-1)!;
    const [name] = await readdir(join(cacheDir, 'documents'));
    const index = join(folder.path, 'kept', 'documents', name!);
    return { look: changed, concerns, index };
  };
  return { folder, library, read };
}

it('leaves the index as it is where nothing is new', async () => {
  const { folder, library, read } = await watched();
  await using _ = folder;
  await using __ = library;
  const { look, index } = await read();
  await look(); // behind the one that every watch begins with
  await utimes(index, 2, 2);
  const before = await stat(index);
  expect([await look(), await stat(index)]).toEqual([false, before]);
  await folder.write('c.md', 'More words.');
  expect(await look()).toBe(true);
});

it('does not write the index anew for a file that is dated ahead, and hears when it changes', async () => {
  const { folder, library, read } = await watched();
  await using _ = folder;
  await using __ = library;
  const ahead = new Date(Date.now() + 3_600_000);
  await utimes(join(folder.path, 'a.md'), ahead, ahead);
  const paths = [join(folder.path, '*.md')];
  const { look, index } = await read(paths);
  await look();
  const { ino } = await stat(index);
  expect([await look(), (await stat(index)).ino]).toEqual([false, ino]);
  await folder.write('a.md', 'Words of z.md.');
  await utimes(join(folder.path, 'a.md'), ahead, ahead);
  expect(await look()).toBe(true);
});

it('hears nothing of indexes, nor of folders that are never read', async () => {
  const { folder, library, read } = await watched();
  await using _ = folder;
  await using __ = library;
  const { concerns, index } = await read();
  const inside = relative(folder.path, index);
  const heard = (...names: string[]) => names.filter((name) => concerns(folder.path, normalize(name)));
  expect(heard(inside, `${inside}.${randomUUID()}.tmp`, '.git/index', 'a/node_modules/b/c.md')).toEqual([]);
  const known = ['a.md', 'kept/documents/mine.md', '.gitignore', 'web/.a.md.swp'];
  expect(heard(...known)).toEqual(known);
  // A glob may name a hidden folder.
  await folder.write('web/.notes/a.md', 'Words.');
  const { concerns: ofGlob } = await read([join(folder.path, '*', '.notes', '*.md')]);
  expect(ofGlob(folder.path, join('web', '.notes', 'a.md'))).toBe(true);
});
