/** Queries of no words, and of more than anybody asks. */
import { createLibrary } from '@trivium/sdk/documents';
import { expect, it } from 'vitest';
import { conceptEmbedder, temporaryFolder } from './fixtures.js';

it('a query without a word finds nothing, and of a long one the first 2,000 characters count', async () => {
  await using folder = await temporaryFolder();
  for (let at = 0; at < 12; at++) await folder.write(`${at}.md`, `# Page ${at}\n\nA cat sleeps on a stream.`);
  const asked: string[][] = [];
  const embedder = conceptEmbedder(asked);
  await using library = await createLibrary({
    cacheDir: false,
    embedModel: false,
    rankModel: false,
    inProcess: true,
    embedders: { static: embedder },
  });
  await library.read([folder.path]);
  for (const query of [' ', '???', '\n--- …']) expect(await library.search(query)).toEqual([]);
  expect(await library.search('cat')).toHaveLength(10);
  asked.length = 0;
  const long = `cat ${'x'.repeat(1995)}😀 stream`;
  expect(await library.search(`${long} ${'and so on '.repeat(10_000)}`)).toHaveLength(10);
  expect(asked.flat()).toEqual([long.slice(0, 1999)]);
});
