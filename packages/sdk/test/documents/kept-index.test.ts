/** The index on disk is what the last reading found, whatever came between; a reading that fails changes nothing. */
import { readdir, rm, utimes } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { createLibrary, type LibraryOptions } from '../../src/documents/index.js';
import * as readers from '../../src/documents/readers/read-source.js';
import { conceptEmbedder, temporaryFolder } from './fixtures.js';

const open = (options: LibraryOptions) =>
  createLibrary({ inProcess: true, staticModel: false, embedModel: false, ...options });

async function oldFiles() {
  const folder = await temporaryFolder();
  for (const name of ['a.md', 'b.md']) await folder.write(name, `Words of ${name}.`);
  await sleep(50); // what was written in the same moment is read again
  return folder;
}

it('is written by the next reading where it could not be, which says so until then', async () => {
  await using folder = await oldFiles();
  const cacheDir = await folder.write('.cache', 'a file where a folder should be');
  await using library = await open({ cacheDir });
  const warnings = [expect.stringContaining('The index was not kept')];
  for (const changed of [2, 0])
    expect(await library.read([folder.path])).toMatchObject({ changed, warnings });
  await rm(cacheDir);
  expect(await library.read([folder.path])).toMatchObject({ changed: 0, warnings: [] });
  await using next = await open({ cacheDir });
  expect(await next.read([folder.path])).toMatchObject({ documents: 2, changed: 0 });
});

it('is written anew where somebody has removed it', async () => {
  await using folder = await oldFiles();
  await using cache = await temporaryFolder();
  await using library = await open({ cacheDir: cache.path });
  await library.read([folder.path]);
  const documents = join(cache.path, 'documents');
  const before = await readdir(documents);
  await rm(documents, { recursive: true });
  expect(await library.read([folder.path])).toMatchObject({ changed: 0, warnings: [] });
  expect(await readdir(documents)).toEqual(before);
});

it('holds the names by which its files were asked for', async () => {
  await using folder = await oldFiles();
  await using cache = await temporaryFolder();
  const named = [folder.path, relative('', folder.path)];
  await using first = await open({ cacheDir: cache.path });
  await using second = await open({ cacheDir: cache.path });
  for (const library of [first, second]) {
    for (const path of named) {
      await library.read([path]);
      const paths = ['a.md', 'b.md'].map((name) => join(path, name));
      expect(await library.paths()).toEqual(paths);
      expect((await library.search('words')).map((hit) => hit.path).sort()).toEqual(paths);
    }
  }
  expect(await readdir(join(cache.path, 'documents'))).toHaveLength(2);
  for (const path of named) {
    await using next = await open({ cacheDir: cache.path });
    expect(await next.read([path])).toMatchObject({ changed: 0 });
    expect(await next.paths()).toEqual(['a.md', 'b.md'].map((name) => join(path, name)));
  }
});

it('is not looked into by a reading that is cancelled: documents keep their names', async () => {
  await using folder = await oldFiles();
  await using library = await open({ cacheDir: false });
  await library.read([folder.path]);
  const before = [await library.paths(), await library.search('words')];
  await utimes(join(folder.path, 'b.md'), 2, 2);
  const controller = new AbortController();
  const cancelled = library.read([relative('', folder.path)], {
    signal: controller.signal,
    onProgress: ({ done, total }) => done === total && controller.abort(new Error('enough')),
  });
  await expect(cancelled).rejects.toThrow('enough');
  expect([await library.paths(), await library.search('words')]).toEqual(before);
});

it('knows a file by its content: one that was touched is read once and indexed no more', async () => {
  await using folder = await oldFiles();
  await using cache = await temporaryFolder();
  const path = join(folder.path, 'a.md');
  const read = vi.spyOn(readers, 'readSource');
  const embedded: string[][] = [];
  await using library = await open({
    cacheDir: cache.path,
    embedders: { static: conceptEmbedder(), contextual: conceptEmbedder(embedded) },
  });
  await library.read([folder.path]);
  await library.search('cat', { level: 'document' });
  const [parsed, looked] = [read.mock.calls.length, embedded.length];
  await utimes(path, 2, 2);
  for (let round = 0; round < 2; round++)
    expect(await library.read([folder.path])).toMatchObject({ changed: 0 });
  await library.read([relative('', folder.path)]);
  await library.search('cat', { level: 'document' });
  expect([read.mock.calls.length, embedded.length - looked]).toEqual([parsed, 1]); // the query alone
  read.mockRestore();
});
