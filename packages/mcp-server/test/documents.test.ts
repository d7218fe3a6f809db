/** Documents as resources: pages, parts, what is refused, and watching. */
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LastDocumentText } from '@trivium/sdk/documents';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { citationLinks } from '../src/documents/citation-links.js';
import { documentResources } from '../src/documents/document-resources.js';
import { documentUri, parseDocumentUri } from '../src/documents/document-uri.js';

const { signal } = new AbortController();
let base: string;
let root: string;
beforeAll(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'trivium-mcp-docs-')));
  root = join(base, 'root');
  await mkdir(join(root, 'guides/with space'), { recursive: true });
  await writeFile(join(base, 'secret.txt'), 'secret');
  await writeFile(join(root, 'tea.md'), '# Tea\n\n茶 is steeped 🍵 for two minutes.\n');
  await writeFile(join(root, 'guides/with space/mate #1?.md'), '# Mate\n');
  await writeFile(join(root, 'guides/windows.txt'), Buffer.from([0xff, 0xfe, 0x54, 0x00, 0x65, 0x00]));
  await writeFile(join(root, 'picture.png'), 'not really');
  await writeFile(join(root, 'zeros.txt'), Buffer.alloc(64));
  await symlink(join(base, 'secret.txt'), join(root, 'guides/link.txt'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

const read = async (uri: string) => {
  const [contents] = await documentResources({ root }).read(uri, signal);
  return contents as { text: string; mimeType: string };
};

it('a document is read for who still waits, and once for its parts', async () => {
  const source = documentResources({ root });
  const gone = AbortSignal.abort(new Error('gone'));
  await expect(source.read('doc:///tea.md', gone)).rejects.toThrow('gone');
  const reading = vi.spyOn(LastDocumentText.prototype, 'read');
  for (const part of ['?start=0&end=5', '?start=5&end=9', ''])
    await source.read(`doc:///tea.md${part}`, signal);
  const texts = await Promise.all(reading.mock.results.map(({ value }) => value));
  reading.mockRestore();
  expect(new Set(texts).size).toBe(1);
});

describe('a list of documents', () => {
  it('comes in pages, without what cannot be read, and never says where the root is', async () => {
    const source = documentResources({ root, pageEntries: 2 });
    const first = await source.list();
    const second = await source.list(first.nextCursor);
    const all = [...first.resources, ...second.resources];
    expect(all.map(({ name }) => name)).toEqual(
      ['guides/windows.txt', 'guides/with space/mate #1?.md', 'tea.md', 'zeros.txt'].filter((name) =>
        all.some((entry) => entry.name === name),
      ),
    );
    expect(JSON.stringify([first, second])).not.toContain(base);
    expect(JSON.stringify([first, second])).not.toContain('link.txt');
  });

  it('that cannot be had does not say where the root is', async () => {
    const gone = join(base, 'gone');
    const source = documentResources({ root: gone });
    for (const asked of [source.list(), source.complete!('', 'path', ''), source.read('doc:///x', signal)]) {
      const error = await asked.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeDefined();
      expect(JSON.stringify([error, (error as Error).message])).not.toContain(base);
    }
  });

  it('is listed to its end, each document once', async () => {
    const source = documentResources({ root, pageEntries: 1 });
    const names: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await source.list(cursor);
      names.push(...page.resources.map(({ name }) => name));
      cursor = page.nextCursor;
      if (cursor === undefined) break;
    }
    expect(names).toEqual(['guides/windows.txt', 'guides/with space/mate #1?.md', 'tea.md', 'zeros.txt']);
  });

  it.each(['', 'abc', Buffer.from('after:x').toString('base64'), '../..'])(
    'refuses the cursor "%s"',
    async (cursor) => {
      const refused = documentResources({ root }).list(cursor);
      await expect(refused).rejects.toMatchObject({ code: 'invalid-argument', field: 'cursor' });
    },
  );
});

describe('a document', () => {
  it('is read whole and in part, by the offsets of a citation', async () => {
    const { text, mimeType } = await read('doc:///tea.md');
    expect(mimeType).toBe('text/markdown');
    const start = text.indexOf('steeped');
    expect((await read(`doc:///tea.md?start=${start}&end=${start + 7}`)).text).toBe('steeped');
    expect((await read(`doc:///tea.md?start=${start}`)).text).toBe(text.slice(start));
    expect((await read('doc:///tea.md?end=5')).text).toBe('# Tea');
    expect((await read('doc:///guides/windows.txt')).text).toBe('\ufeffTe');
  });

  it('is found by the URI that names it, whatever its path holds', async () => {
    const path = 'guides/with space/mate #1?.md';
    expect(parseDocumentUri(documentUri({ path, start: 1, end: 2 }))).toEqual({ path, start: 1, end: 2 });
    expect((await read(documentUri({ path }))).text).toBe('# Mate\n');
  });

  it.skipIf(process.platform === 'win32')('keeps the backslashes of its name', async () => {
    const odd = join(base, 'odd');
    await mkdir(odd);
    await writeFile(join(odd, 'we\\ird.md'), '# Odd\n');
    const source = documentResources({ root: odd });
    const [listed] = (await source.list()).resources;
    expect(listed!.uri).toBe('doc:///we%5Cird.md');
    expect(await source.read(listed!.uri, signal)).toMatchObject([{ text: '# Odd\n' }]);
  });

  it.each([
    ['doc:///../secret.txt', 'outside-root'],
    ['doc:///%2e%2e/secret.txt', 'outside-root'],
    ['doc:///guides/..%2f..%2fsecret.txt', 'outside-root'],
    ['doc:////etc/passwd', 'outside-root'],
    ['doc:///guides/link.txt', 'outside-root'],
    ['doc:///.trivium/scratch/0123456789abcdef/owner.json', 'outside-root'],
    ['doc:///nothing.md', 'not-found'],
    ['doc:///guides', 'not-found'],
    ['doc:///', 'invalid-argument'],
    ['doc:///tea%00.md', 'invalid-argument'],
    ['doc:///tea%ff.md', 'invalid-argument'],
    ['doc:///tea.md?start=-1', 'invalid-argument'],
    ['doc:///tea.md?start=5&end=4', 'invalid-argument'],
    ['doc:///tea.md?end=100000', 'invalid-argument'],
    ['doc:///tea.md?lines=1', 'invalid-argument'],
    ['doc:///tea.md#top', 'invalid-argument'],
    ['doc:///picture.png', 'unsupported'],
    ['doc:///zeros.txt', 'unsupported'],
  ])('%s is refused: %s', async (uri, code) => {
    const refused = await read(uri).catch((error: unknown) => error as Error & { code: string });
    expect(refused).toMatchObject({ code });
    expect(JSON.stringify(refused)).not.toContain(base);
  });

  it('is not cut within a character', async () => {
    const { text } = await read('doc:///tea.md');
    const half = text.indexOf('🍵') + 1;
    await expect(read(`doc:///tea.md?start=${half}`)).rejects.toThrow('cuts a character in two');
  });

  it('that is too large says how it is read in parts', async () => {
    const small = documentResources({ root, readCharacters: 10 });
    await expect(small.read('doc:///tea.md', signal)).rejects.toMatchObject({
      code: 'too-large',
      remedy: expect.stringContaining('doc:///tea.md?start=0&end=10'),
    });
    await expect(small.read('doc:///tea.md?start=0&end=10', signal)).resolves.toHaveLength(1);
  });

  it('is completed by the beginning of its path or of its name', async () => {
    const { complete } = documentResources({ root });
    expect(await complete?.('doc:///{+path}{?start,end}', 'path', 'gui')).toEqual([
      'guides/windows.txt',
      'guides/with space/mate #1?.md',
    ]);
    expect(await complete?.('doc:///{+path}{?start,end}', 'path', 'wind')).toEqual(['guides/windows.txt']);
    expect(await complete?.('doc:///{+path}{?start,end}', 'start', '1')).toEqual([]);
  });

  it('is watched, also when it is replaced, and only so many are', async () => {
    const source = documentResources({ root, maxWatched: 1 });
    await expect(source.watch!('doc:///../secret.txt', () => {})).rejects.toMatchObject({
      code: 'outside-root',
    });
    let changes = 0;
    const stop = await source.watch!('doc:///tea.md', () => {
      changes += 1;
    });
    await expect(source.watch!('doc:///zeros.txt', () => {})).rejects.toMatchObject({ code: 'busy' });
    const text = (await read('doc:///tea.md')).text;
    await writeFile(join(root, 'tea.md'), `${text} `);
    await expect.poll(() => changes, { timeout: 10_000 }).toBeGreaterThan(0);
    stop();
    stop();
    (await source.watch!('doc:///zeros.txt', () => {}))();
  });
});

describe('links of an answer', () => {
  it('lead to its places', () => {
    const citations = [{ path: 'guides/a b.md', start: 3, end: 9, line: 2, text: 'x' }];
    expect(citationLinks({ citations })).toEqual([
      { type: 'resource_link', uri: 'doc:///guides/a%20b.md?start=3&end=9', name: 'guides/a b.md:2' },
    ]);
    expect(citationLinks({ hits: [{ path: '-', start: 0, end: 1 }], text: 'x' })).toEqual([]);
  });

  it('say when there are more places than links', () => {
    const hits = Array.from({ length: 60 }, (_, index) => ({ path: 'a.md', start: index, end: index + 1 }));
    expect(citationLinks({ hits }).at(-1)).toMatchObject({ text: expect.stringContaining('50 of 60') });
  });
});
