/** Globs and rules of .gitignore that would be tried for ever, and names that a matcher would take for more than names. */
import { TriviumError } from '@trivium/protocol';
import { describe, expect, it } from 'vitest';
import { collectFiles } from '../../src/documents/collect-files.js';
import { globPatterns } from '../../src/documents/glob-patterns.js';
import { type Folder, temporaryFolder } from './fixtures.js';

const found = async (folder: Folder, glob: string) =>
  (await collectFiles([`${folder.path}/${glob}`])).files.map(({ path }) =>
    path.slice(folder.path.length + 1),
  );

let name = 10;

describe('a glob', () => {
  it.each([
    `${'*?'.repeat(7)}x`,
    '*a*b*c*d',
    '**/a/**/b/**/c/**',
    '{*,*?*}{*,*?*}.md',
    '{a,b}'.repeat(7),
    'chapter{1..999999999999999999999}.md',
    '{-50..50}.md',
    '{1..11}{1..11}.md',
    `${'{ab,'.repeat(15)}c${'}'.repeat(15)}`.repeat(2).replaceAll('ab', () => `${name++}`),
  ])('is refused where it is too open: %s', async (glob) => {
    const failed = await collectFiles([glob]).catch((error: unknown) => error);
    expect(TriviumError.isInstance(failed) && failed).toMatchObject({
      code: 'invalid-argument',
      file: glob,
      remedy: expect.stringContaining('simpler'),
    });
  });

  it('finds names with stars, question marks, classes and alternatives, also in one another', async () => {
    await using folder = await temporaryFolder();
    for (const name of ['a-1-x.md', 'b/c.md', 'b/d.mdx', 'b/e.txt', 'e/f/g.md', '.h/i.md'])
      await folder.write(name, name);
    expect(await found(folder, '*-?-*.md')).toEqual(['a-1-x.md']);
    expect(await found(folder, '**/*.{md,mdx}')).toEqual(['a-1-x.md', 'b/c.md', 'b/d.mdx', 'e/f/g.md']);
    expect(await found(folder, '{b/{c,d},e/f/g}.{md,m[a-e]x}')).toEqual(['b/c.md', 'b/d.mdx', 'e/f/g.md']);
    expect(await found(folder, '[!e]/*.md')).toEqual(['b/c.md']);
    expect(await found(folder, '.h/*')).toEqual(['.h/i.md']);
  });

  it('takes what a matcher could repeat or choose from for itself', async () => {
    await using folder = await temporaryFolder();
    const names = ['!no.md', '(a+)+x.md', '+(a|aa)b.md', 'report (1) of 2.md', 'set{3}.md'];
    for (const name of names) await folder.write(name, name);
    await folder.write('aaaab.md', 'x');
    for (const name of names) expect(await found(folder, name.replace('.md', '*.m?'))).toEqual([name]);
  });

  it('makes no way up of two alternatives', () => {
    expect(globPatterns('a/{.,x}{.,y}/*.md')).toEqual(
      expect.not.arrayContaining([expect.stringContaining('..')]),
    );
    expect(globPatterns('../{a,b}/*.md')).toHaveLength(2);
  });

  it('takes numbers and letters in a row, padded with zeros where it pads them', async () => {
    expect(globPatterns('{-1..2}{b..a}')).toEqual(['-1b', '-1a', '0b', '0a', '1b', '1a', '2b', '2a']);
    expect(globPatterns('{9..010}')).toEqual(['009', '010']);
    expect(globPatterns('{-01..0}')).toEqual(['-01', '000']);
    expect(globPatterns('{Y..b}')).toEqual(['Y', 'Z', 'a', 'b']);
    await using folder = await temporaryFolder();
    for (const name of ['chapter1.md', 'chapter01.md', 'chapter10.md', 'parta.md', '{1..b}.md'])
      await folder.write(name, name);
    expect(await found(folder, 'chapter{1..9}.md')).toEqual(['chapter1.md']);
    expect(await found(folder, 'chapter{01..10}.md')).toEqual(['chapter01.md', 'chapter10.md']);
    expect(await found(folder, '{chapter{5..1},part{a..c}}.md')).toEqual(['chapter1.md', 'parta.md']);
    expect(await found(folder, '{1..b}.md')).toEqual(['{1..b}.md']);
  });

  it('is looked for in the folder that it names, whatever that is called', async () => {
    await using folder = await temporaryFolder();
    for (const name of ['c++ (1)/a.md', 'node_modules/b/c.md']) await folder.write(name, name);
    expect(await found(folder, 'c++ (1)/*.md')).toEqual(['c++ (1)/a.md']);
    expect(await found(folder, 'node_modules/b/*.md')).toEqual(['node_modules/b/c.md']);
    await expect(found(folder, '**/*.md')).resolves.toEqual(['c++ (1)/a.md']);
    await expect(found(folder, 'none/*.md')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('finds what a reading of its folder does', async () => {
    await using folder = await temporaryFolder();
    const ignored = ['dist/a.md', 'notes/draft.md', 'notes/deep/old/b.md', 'venv/c.md', 'd/__pycache__/e.md'];
    const kept = ['dist.md', 'notes/a.md', 'notes/deep/kept.md', 'notes/kept/draft.md', 'f.md'];
    for (const name of [...ignored, ...kept]) await folder.write(name, name);
    await folder.write('.gitignore', 'dist/\ndraft.md\nkept.md\n');
    await folder.write('notes/deep/.gitignore', '!kept.md\n/old\n');
    await folder.write('notes/kept/.gitignore', '!draft.md\n');
    await folder.write('dist/.gitignore', '!a.md\n');
    await folder.write('.git/HEAD', '');
    const read = (await collectFiles([folder.path])).files.map(({ path }) => path);
    expect(read.map((path) => path.slice(folder.path.length + 1))).toEqual(kept.sort());
    expect(await found(folder, '**/*.md')).toEqual(kept);
    expect(await found(folder, '{*,*/*,*/**/*}.m?')).toEqual(kept);
    expect(await found(folder, 'notes/*.md')).toEqual(['notes/a.md']);
  });

  it('finds what it names itself, whatever leaves it out', async () => {
    await using folder = await temporaryFolder();
    for (const name of ['dist/a.md', 'b.md', 'c.md', 'venv/d.md', 'e/venv/f.md', '(g).md'])
      await folder.write(name, name);
    await folder.write('.gitignore', 'dist/\nb.md\n(g).md\n');
    await folder.write('.git/HEAD', '');
    expect(await found(folder, '{b,c,(g)}.md')).toEqual(['(g).md', 'b.md', 'c.md']);
    expect(await found(folder, '{dist/a,b}.md')).toEqual(['b.md', 'dist/a.md']);
    expect(await found(folder, 'dist/*.md')).toEqual(['dist/a.md']);
    expect(await found(folder, '*/venv/*.md')).toEqual(['e/venv/f.md']);
    expect(await found(folder, '{venv,e}/*.md')).toEqual(['venv/d.md']);
    const { files, skipped } = await collectFiles([`${folder.path}/[b]*.md`]);
    expect(files).toEqual([]);
    expect(skipped).toMatchObject([
      { path: `${folder.path}/[b]*.md`, reason: expect.stringContaining('gitignore') },
    ]);
  });

  it('is left with the reason of who leaves', async () => {
    await using folder = await temporaryFolder();
    const reason = new Error('enough');
    const left = collectFiles([`${folder.path}/*.none`], { signal: AbortSignal.abort(reason) });
    await expect(left).rejects.toBe(reason);
  });
});

it('a line of .gitignore that is too open leaves nothing out, and others do', async () => {
  await using folder = await temporaryFolder();
  await folder.write('.gitignore', `${'*?'.repeat(12)}\r\n*-draft-*\r\n`);
  await folder.write('minutes-of-the-annual-meeting.md', 'x');
  await folder.write('a-draft-b.md', 'x');
  expect((await collectFiles([folder.path])).files).toHaveLength(1);
});
