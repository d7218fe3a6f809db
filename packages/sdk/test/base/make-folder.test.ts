/** Folders that are not there yet, files that stand in their place, and places where none can be. */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeFolder } from '../../src/base/make-folder.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trivium-folder-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('makes those above it, for as many as ask', async () => {
  const folders = Array.from({ length: 8 }, (_, i) => join(folder, 'a', 'b', 'c', `${i % 4}`));
  await Promise.all(folders.map((one) => makeFolder(one)));
  for (const one of folders) expect((await stat(one)).isDirectory()).toBe(true);
});

it.skipIf(process.platform === 'win32')('gives each that it makes the permissions asked for', async () => {
  await makeFolder(join(folder, 'a', 'b'), { mode: 0o700 });
  for (const made of ['a', 'a/b']) expect((await stat(join(folder, made))).mode & 0o777).toBe(0o700);
});

it('takes no file for a folder', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(makeFolder(join(folder, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeFolder(join(folder, 'file', 'below'))).rejects.toThrow();
});

it.skipIf(process.platform !== 'linux').each(['/proc/self/fd/a', '/proc/self/fd/a/b/c', '/proc/a'])(
  'says so where no folder can be made: %s',
  async (path) => {
    const made = makeFolder(path);
    await expect(made).rejects.toMatchObject({ code: 'io', message: expect.stringContaining('No folder') });
  },
);
