/** Files that are no documents: read once, and again when they change. */
import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { createLibrary } from '../../src/documents/index.js';
import * as readers from '../../src/documents/readers/read-source.js';
import { temporaryFolder } from './fixtures.js';

it('what is no document is read once, and no index is written for it again', async () => {
  await using folder = await temporaryFolder();
  await using cache = await temporaryFolder();
  await folder.write('a.md', 'Tea.');
  const path = await folder.write('b.txt', Uint8Array.of(0, 1, 2, 3));
  await sleep(50); // what was written in the same moment is read again
  const skipped = [{ path, reason: expect.stringMatching(/^not text/) }];
  const open = () => createLibrary({ inProcess: true, cacheDir: cache.path, staticModel: false });
  await using first = await open();
  expect(await first.read([folder.path])).toMatchObject({ documents: 1, changed: 1, skipped });
  const [name] = await readdir(join(cache.path, 'documents'));
  const index = join(cache.path, 'documents', name!);
  const { ino } = await stat(index);
  const reads = vi.spyOn(readers, 'readSource');
  await using second = await open();
  for (const library of [first, second])
    expect(await library.read([folder.path])).toMatchObject({ documents: 1, changed: 0, skipped });
  expect(reads).not.toHaveBeenCalled();
  expect((await stat(index)).ino).toBe(ino);

  await writeFile(path, 'Coffee.');
  expect(await second.read([folder.path])).toMatchObject({ documents: 2, changed: 1, skipped: [] });
  await writeFile(path, Uint8Array.of(0, 1));
  expect(await second.read([folder.path])).toMatchObject({ documents: 1, changed: 0, skipped });
  expect(await second.search('coffee', { mode: 'lexical' })).toEqual([]);
  await rm(path);
  expect(await second.read([folder.path])).toMatchObject({ documents: 1, changed: 0, skipped: [] });
  reads.mockRestore();
});
