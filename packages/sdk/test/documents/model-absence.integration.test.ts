/** A default model that cannot be loaded: search goes on by words, and the report says why. */
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it, vi } from 'vitest';
import { temporaryFolder } from './fixtures.js';

afterEach(() => {
  vi.doUnmock('@trivium/nano');
  vi.resetModules();
});

/** A library over what `@trivium/nano` would be if its files were these. */
async function libraryWith(files: Record<'staticModelFile' | 'embedModelFile' | 'rankModelFile', string>) {
  vi.resetModules();
  vi.doMock('@trivium/nano', () => files);
  const { createLibrary } = await import('../../src/documents/index.js');
  return createLibrary({ inProcess: true, cacheDir: false });
}

it.each([
  ['absent', '/nowhere/static.gguf', 'not-found'],
  ['no model', fileURLToPath(import.meta.url), 'unsupported'],
])('where it is %s', async (_, file, code) => {
  await using folder = await temporaryFolder();
  for (const name of ['a.md', 'b.md']) await folder.write(name, 'words to find');
  await using library = await libraryWith({
    staticModelFile: file,
    embedModelFile: file,
    rankModelFile: file,
  });
  const { warnings } = await library.read([folder.path]);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('by words only');
  expect(warnings[0]).toContain(`(${code})`);
  expect(warnings[0]).toContain(file);
  expect(await library.search('find')).toHaveLength(2);
  const told: string[] = [];
  const onWarning = (message: string) => told.push(message);
  for (let i = 0; i < 2; i++)
    expect(await library.search('find', { level: 'document', onWarning })).toHaveLength(2);
  expect(told).toEqual([expect.stringContaining('contextual model')]);
  const { warnings: later } = await library.read([folder.path]);
  expect(later).toEqual([warnings[0], expect.stringContaining('contextual model')]);
});
