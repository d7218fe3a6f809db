/** Passages that are longer than a named model reads: who searches is told, once, and later readings say so. */
import { embedModelFile, rankModelFile } from '@trivium/nano';
import type { NativeModel } from '@trivium/native';
import { expect, it } from 'vitest';
import { createLibrary, type LibraryOptions } from '../../src/documents/index.js';
import { pairRanker } from '../../src/documents/passage-ranker.js';
import { createLongText } from '../../src/long-text/index.js';
import { temporaryFolder } from './fixtures.js';

/** A token each character: a passage has more than the 512 that nano's embedder reads. */
const letters = 'x;y,z:'.repeat(150);

async function libraryOf(texts: string[], options: LibraryOptions) {
  const folder = await temporaryFolder();
  for (const [at, text] of texts.entries()) await folder.write(`${at}.md`, text);
  const library = await createLibrary({ inProcess: true, cacheDir: false, ...options });
  const report = await library.read([folder.path]);
  return {
    library,
    report,
    paths: [folder.path],
    [Symbol.asyncDispose]: async () => {
      await library.dispose();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function warnedOf(options: LibraryOptions, texts: string[]) {
  await using read = await libraryOf(texts, options);
  expect(read.report.warnings).toEqual([]);
  const warnings: string[] = [];
  const onWarning = (message: string) => warnings.push(message);
  for (let i = 0; i < 2; i++) await read.library.search('x y cat', { onWarning });
  expect((await read.library.read(read.paths)).warnings).toEqual(warnings);
  return warnings;
}

it('tells once where a named embedder reads beginnings only', async () => {
  const long = [`A cat. ${letters}`, `Cats. ${letters}`, letters];
  const options = { embedModel: embedModelFile, rankModel: rankModelFile };
  expect(await warnedOf(options, long)).toEqual([
    expect.stringMatching(/^Of some texts embedModel knows the beginning only: .*\.gguf reads 512 tokens/),
  ]);
  expect(await warnedOf(options, ['A cat.', 'A dog and a cat.', 'Cats.'])).toEqual([]);
});

it('is silent about the models of nano, which were chosen for passages', async () => {
  expect(await warnedOf({}, [`A cat. ${letters}`, `Cats. ${letters}`])).toEqual([]);
});

it('is told with an answer', async () => {
  const texts = [`A cat. ${letters}`, `Cats. ${letters}`, letters];
  await using read = await libraryOf(texts, { embedModel: embedModelFile });
  const { warnings } = await createLongText({ library: read.library }).ask('Where are x, y and the cat?');
  expect(warnings).toEqual([expect.stringContaining('embedModel')]);
});

it('a static model that reads beginnings only is told of with the reading', async () => {
  const options = { staticModel: embedModelFile, embedModel: false, rankModel: false } as const;
  await using read = await libraryOf([letters], options);
  expect(read.report.warnings).toEqual([expect.stringContaining('staticModel')]);
});

it('a cross-encoder says what it cut', async () => {
  const cuts: number[] = [];
  const model = {
    info: { contextTokens: 8 },
    rank: async (_: string, texts: readonly string[]) => ({
      scores: new Float32Array(texts.length),
      inputTokens: 0,
      truncated: texts.flatMap((text, at) => (text.length > 8 ? [at] : [])),
    }),
  } as unknown as NativeModel;
  const ranker = pairRanker(model, (contextTokens) => cuts.push(contextTokens));
  await ranker.rank('cat', [{ above: '', text: 'cat' }]);
  expect(cuts).toEqual([]);
  await ranker.rank('cat', [{ above: '', text: 'cats and dogs' }]);
  expect(cuts).toEqual([8]);
});
