/** Where indexes are kept: folders that are not there yet, and places where none can be. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { saveIndex } from '../../src/documents/index-cache.js';

it('makes the folders above it, by as many writers as there are', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'trivium-index-'));
  const files = Array.from({ length: 8 }, (_, i) => join(folder, 'a', 'b', 'c', `${i}.index`));
  await Promise.all(files.map((file) => saveIndex(file, [])));
  for (const file of files) expect((await readFile(file)).length).toBeGreaterThan(0);
  await rm(folder, { recursive: true });
});

it.skipIf(process.platform !== 'linux').each(['/proc/self/fd', '/proc/self/fd/trivium', '/proc'])(
  'says so where no folder can be made: %s',
  async (folder) => {
    const saved = saveIndex(join(folder, 'documents', 'a.index'), []);
    await expect(saved).rejects.toMatchObject({ code: 'io', message: expect.stringContaining('No folder') });
  },
);
