/** Documents as files: their text in parts. */
import { utimes } from 'node:fs/promises';
import { invoke } from '@trivium/protocol';
import { expect, it } from 'vitest';
import { LastDocumentText } from '../../src/documents/document-text.js';
import { documentsText } from '../../src/host/document-files-capabilities.js';
import { Host } from '../../src/host/index.js';
import { makePdf, temporaryFolder } from '../documents/fixtures.js';

it('lines of a part are those of citations, also where lone CRs end them', async () => {
  await using folder = await temporaryFolder();
  await using host = new Host({ cacheDir: folder.path });
  const { signal } = new AbortController();
  const part = async (content: string, words: string) => {
    const path = await folder.write('a.txt', content);
    return invoke(documentsText, { path, start: content.indexOf(words) }, host.context(signal));
  };
  expect(await part('one\rtwo\rthree', 'three')).toMatchObject({ line: 3, text: 'three', characters: 13 });
  expect(await part('one\rtwo\nthree', 'three')).toMatchObject({ line: 2 });
  expect(await part('one\ntwo\nthree', '\nthree')).toMatchObject({ line: 2 });
});

it('a text is taken once while its file stays as it is', async () => {
  await using folder = await temporaryFolder();
  const texts = new LastDocumentText();
  const path = await folder.write('a.pdf', makePdf([[{ text: 'Tea.' }], [{ text: 'Coffee.' }]]));
  const first = await texts.read(path);
  expect(await texts.read(path)).toBe(first);
  await utimes(path, 1, 1);
  expect(await texts.read(path)).toEqual(first);
  await folder.write('a.pdf', makePdf([[{ text: 'Milk.' }]]));
  expect((await texts.read(path)).text).toBe('Milk.');
  await expect(texts.read(`${path}.none`)).rejects.toMatchObject({ code: 'not-found' });
});

it('is left between pages of a PDF', async () => {
  await using folder = await temporaryFolder();
  const path = await folder.write('a.pdf', makePdf([[{ text: 'Tea.' }]]));
  const reason = new Error('enough');
  await expect(new LastDocumentText().read(path, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});
