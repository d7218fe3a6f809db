/** Documents that are loaded while another call reads the same library. */
import { rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { TriviumError } from '@trivium/protocol';
import { expect, it } from 'vitest';
import { createLibrary } from '../../src/documents/index.js';
import { createLongText } from '../../src/long-text/index.js';
import type { LongTextLibrary } from '../../src/long-text/types.js';
import { temporaryFolder } from '../documents/fixtures.js';
import { memoryLibrary } from './fakes.js';

/** A library that `meanwhile` comes to once, behind the first document. */
function disturbed(library: LongTextLibrary, meanwhile: () => Promise<unknown>): LongTextLibrary {
  let isFirst = true;
  return {
    read: (paths, options) => library.read(paths, options),
    search: (query, options) => library.search(query, options),
    paths: () => library.paths(),
    async document(path) {
      const found = await library.document(path);
      if (isFirst) await meanwhile();
      isFirst = false;
      return found;
    },
  };
}

async function teaLibrary(path: string) {
  const library = await createLibrary({ inProcess: true, cacheDir: false, staticModel: false });
  await library.read([path]);
  return library;
}

it('a summary is of what the library holds once another call has found a document gone', async () => {
  await using folder = await temporaryFolder();
  const kept = await folder.write('a.md', 'Green tea is steeped for two minutes.');
  const gone = await folder.write('b.md', 'Black tea is steeped for four minutes.');
  await using library = await teaLibrary(folder.path);
  const meanwhile = async () => {
    await rm(gone);
    await library.read([folder.path]);
  };
  const { citations } = await createLongText({ library: disturbed(library, meanwhile) }).summarize();
  expect(citations.map(({ path }) => path)).toEqual([kept]);
});

it('and of other documents where it was read from others meanwhile', async () => {
  await using folder = await temporaryFolder();
  await folder.write('tea/a.md', 'Green tea is steeped for two minutes.');
  await folder.write('tea/b.md', 'Black tea is steeped for four minutes.');
  const coffee = await folder.write('coffee/c.md', 'Coffee is brewed for three minutes.');
  await using library = await teaLibrary(join(folder.path, 'tea'));
  const meanwhile = () => library.read([join(folder.path, 'coffee')]);
  const { citations } = await createLongText({ library: disturbed(library, meanwhile) }).summarize();
  expect(citations.map(({ path }) => path)).toEqual([coffee]);
});

it('a document that is named is missed', async () => {
  await using folder = await temporaryFolder();
  await folder.write('a.md', 'Green tea is steeped for two minutes.');
  await using library = await teaLibrary(folder.path);
  const summary = createLongText({ library }).summarize({ paths: [join(folder.path, 'b.md')] });
  await expect(summary).rejects.toMatchObject({ code: 'not-found' });
});

it('a document that is named twice counts once', async () => {
  await using folder = await temporaryFolder();
  const path = await folder.write('a.md', 'Green tea is steeped for two minutes.');
  await using library = await teaLibrary(folder.path);
  const longText = createLongText({ library });
  const once = await longText.summarize({ paths: [path] });
  const twice = await longText.summarize({ paths: [path, path, relative('.', path)] });
  expect({ ...twice, ms: 0 }).toEqual({ ...once, ms: 0 });
});

it('one that is listed but never held is an error, not an endless search', async () => {
  const document = async (path: string) => {
    throw new TriviumError('not-found', `The library holds no document ${path}.`);
  };
  const library = { ...memoryLibrary({ 'a.md': 'Tea.' }), document };
  await expect(createLongText({ library }).summarize()).rejects.toMatchObject({ code: 'not-found' });
});
