/** Nothing outside the folder that a caller may read: no link and no pattern leads out; and one document's text alone. */
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLibrary, documentMediaType, documentText } from '@trivium/sdk/documents';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectFiles } from '../../src/documents/collect-files.js';

let base: string;
let root: string;
beforeAll(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'trivium-within-')));
  root = join(base, 'root');
  await mkdir(join(root, 'inside'), { recursive: true });
  await mkdir(join(base, 'outside'));
  await writeFile(join(base, 'outside/secret.md'), '# Secret\n\nThe password is swordfish.\n');
  await writeFile(join(root, 'inside/tea.md'), '\ufeff# Tea\n\nSteep it for two minutes.\n');
  await writeFile(join(root, 'page.html'), '<html><body><p>Coffee</p></body></html>');
  await symlink(join(base, 'outside'), join(root, 'folder'));
  await symlink(join(base, 'outside/secret.md'), join(root, 'file.md'));
  await symlink(join(root, 'inside'), join(root, 'again'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

describe('a library within a folder', () => {
  it('reads no link that leads out, and says so', async () => {
    await using library = await createLibrary({ cacheDir: false, staticModel: false, within: root });
    const { skipped } = await library.read([root]);
    const found = await Promise.all((await library.paths()).map((path) => realpath(path)));
    expect(found.sort()).toEqual([join(root, 'inside/tea.md'), join(root, 'page.html')]);
    expect(skipped.map(({ path }) => path).sort()).toEqual([join(root, 'file.md'), join(root, 'folder')]);
    expect(skipped[0]?.reason).toContain('leads out');
  });

  it.each(['*/*.md', 'folder/*.md', '{inside,..}/{outside,..}/*.md', 'inside/../../outside/*.md', '*.md'])(
    'reads nothing outside for the pattern %s',
    async (pattern) => {
      await using library = await createLibrary({ cacheDir: false, staticModel: false, within: root });
      await library
        .read([`${root}/${pattern}`])
        .catch((error: Error) => expect(error.message).toContain('no file'));
      for (const path of await library.paths()) expect(await realpath(path)).toMatch(`${root}/`);
    },
  );

  it.each([
    ['**/*', ['folder', 'file.md']],
    ['*/*.md', ['folder']],
    ['*/secret.*', ['folder']],
    ['f*/../../outside/*', ['..']],
    ['folder/*', ['folder']],
    ['*.md', ['file.md']],
  ])('tells of %s no name that stands outside', async (pattern, links) => {
    const { files, skipped } = await collectFiles([`${root}/${pattern}`], { within: root });
    expect(skipped.map(({ path }) => path).sort()).toEqual(links.map((link) => join(root, link)).sort());
    expect(JSON.stringify([files, skipped])).not.toContain('secret');
  });

  it('nor looks behind links that lead out of the folder of a glob where nothing was said', async () => {
    const { files, skipped } = await collectFiles([`${root}/*/*.md`]);
    expect(files.map(({ path }) => path)).toEqual([join(root, 'inside/tea.md')]);
    expect(skipped).toEqual([
      { path: join(root, 'folder'), reason: expect.stringContaining('name what it leads to') },
    ]);
    expect((await collectFiles([`${root}/folder/*.md`])).files).toHaveLength(1);
  });

  it('reads what a link leads to where it is named itself and nothing else was said', async () => {
    await using library = await createLibrary({ cacheDir: false, staticModel: false });
    const { skipped } = await library.read([root, join(root, 'file.md')]);
    expect(await library.paths()).toContain(join(root, 'file.md'));
    expect(skipped).toContainEqual({
      path: join(root, 'folder'),
      reason: expect.stringContaining('name what it leads to'),
    });
  });
});

describe('the text of one document', () => {
  it('is the decoded file, in which citations count', async () => {
    expect(await documentText(join(root, 'inside/tea.md'))).toEqual({
      text: '\ufeff# Tea\n\nSteep it for two minutes.\n',
      mediaType: 'text/markdown',
    });
    expect((await documentText(join(root, 'page.html'))).text).toContain('<p>Coffee</p>');
    expect([documentMediaType('a.pdf'), documentMediaType('a.ts')]).toEqual([
      'text/plain',
      'text/typescript',
    ]);
  });

  it('is refused with a reason where there is none', async () => {
    await expect(documentText(join(root, 'none.md'))).rejects.toMatchObject({ code: 'not-found' });
    await expect(documentText(root)).rejects.toMatchObject({ code: 'unsupported' });
    await expect(documentText(join(root, 'model.gguf'))).rejects.toMatchObject({ code: 'unsupported' });
    await expect(documentText(join(root, 'page.html'), { maxFileBytes: 10 })).rejects.toMatchObject({
      code: 'too-large',
      found: '39 bytes',
    });
  });
});
