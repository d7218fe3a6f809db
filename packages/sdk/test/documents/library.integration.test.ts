import { appendFileSync, writeFileSync } from 'node:fs';
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { TriviumError } from '@trivium/protocol';
import { describe, expect, it } from 'vitest';
import {
  createLibrary,
  type DocumentEmbedder,
  type LibraryOptions,
  placeInFile,
  type ReadReport,
} from '../../src/documents/index.js';
import { conceptEmbedder, damagePage, makePdf, temporaryFolder } from './fixtures.js';

const open = (options: LibraryOptions = {}) =>
  createLibrary({ inProcess: true, cacheDir: false, staticModel: false, embedModel: false, ...options });

describe('a folder', () => {
  it('is read with positions that lead back to its files', async () => {
    await using folder = await temporaryFolder();
    const files = {
      'a.md': `\ufeff# 标题\r\n\r\n${'流式输出的段落。'.repeat(300)}\r\n\r\n\`\`\`js\nstop();\n\`\`\`\n`,
      'b/c.txt': '\ufeffPlain words.\n\nMore 😀 words.',
      'd.py': '\ufeffdef stop():\n    return 1\n',
      'e.csv': `\ufeffname,value\n${'row,1\n'.repeat(500)}`,
    };
    for (const [name, text] of Object.entries(files)) await folder.write(name, text);
    await folder.write('f.pdf', makePdf([[{ text: 'A page' }]]));
    await using library = await open();
    const report = await library.read([folder.path]);
    expect(report).toMatchObject({ documents: 5, changed: 5, skipped: [] });
    const passages = await library.passages();
    expect(passages).toHaveLength(report.chunks);
    for (const name of Object.keys(files)) {
      const decoded = await readFile(join(folder.path, name), 'utf8');
      const own = passages.filter(({ path }) => path === join(folder.path, name));
      expect(own.length).toBeGreaterThan(0);
      for (const { start, end, text: passage, line } of own) {
        expect(decoded.slice(start, end)).toBe(passage);
        expect(line).toBe(decoded.slice(0, start).split('\n').length);
      }
    }
    const [hit] = await library.search('stop function', { limit: 1 });
    expect(hit).toMatchObject({ path: join(folder.path, 'd.py'), line: 1, start: 1 });
    expect((await library.search('page'))[0]).toMatchObject({ page: 1, text: 'A page' });
  });

  it('is found by its words where its vectors are the farthest of a few', async () => {
    await using folder = await temporaryFolder();
    const routine =
      'The committee met and talked about the weather, the harbour and the budget of the old town. ';
    await folder.write('minutes.md', `# Minutes\n\nKowalski abstained. ${routine.repeat(6)}`);
    await folder.write(
      'people.md',
      '# People\n\nNames of members are in the register of persons. Surname, first name, family.',
    );
    await using library = await createLibrary({ inProcess: true, cacheDir: false });
    await library.read([folder.path]);
    for (const level of ['passage', 'document', 'citation'] as const) {
      const [hit] = await library.search('Kowalski abstained', { level });
      expect(hit?.path, level).toBe(join(folder.path, 'minutes.md'));
    }
  });

  it('leaves out what git ignores, dependencies, loops and what cannot be read, with reasons', async () => {
    await using folder = await temporaryFolder();
    await folder.write('.gitignore', 'build/\n*.log\n!keep.log\nnotes\n');
    for (const name of [
      'a.md',
      'build/b.md',
      'c.log',
      'keep.log',
      'node_modules/d.md',
      '.hidden/e.md',
      'inner/f.md',
      // Another name where the file system tells cases apart, as Linux does.
      'inner/NOTES',
    ]) {
      await folder.write(name, `text of ${name}`);
    }
    await folder.write('inner/.gitignore', 'g.md');
    await folder.write('inner/g.md', 'ignored');
    await folder.write('picture.png', 'x');
    await folder.write('binary.txt', new Uint8Array([1, 0, 2]));
    await folder.write('large.txt', 'x'.repeat(2000));
    await symlink(folder.path, join(folder.path, 'inner', 'loop'));
    await symlink(join(folder.path, 'nowhere'), join(folder.path, 'broken.md'));
    await chmod(await folder.write('secret.md', 'x'), 0);
    await using library = await open({ maxFileBytes: 1000 });
    const { skipped } = await library.read([folder.path]);
    const names = (await library.paths()).map((path) => path.slice(folder.path.length + 1));
    const told = process.platform === 'linux' ? ['inner/NOTES'] : [];
    const expected = ['a.md', ...told, 'inner/f.md', 'keep.log'];
    expect(names.filter((name) => name !== 'secret.md')).toEqual(expected);
    const reasons = Object.fromEntries(
      skipped.map(({ path, reason }) => [path.slice(folder.path.length + 1), reason]),
    );
    expect(reasons).toMatchObject({
      'picture.png': expect.stringContaining('png'),
      'binary.txt': expect.stringContaining('zero bytes'),
      'large.txt': expect.stringContaining('maxFileBytes'),
      'broken.md': expect.stringContaining('nowhere'),
    });
    if (process.getuid?.() !== 0) expect(reasons['secret.md']).toContain('may not be read');
  });

  it('is found by globs; what is missing is named', async () => {
    await using folder = await temporaryFolder();
    await folder.write('a.md', 'a');
    await folder.write('b/c.md', 'c');
    await folder.write('b/d.txt', 'd');
    await using library = await open();
    expect(await library.read([join(folder.path, '**/*.md')])).toMatchObject({ documents: 2 });
    // As they were named: by paths from the root of the file system.
    expect(await library.paths()).toEqual([join(folder.path, 'a.md'), join(folder.path, 'b/c.md')]);
    for (const missing of [join(folder.path, 'none.md'), join(folder.path, '*.pdf')]) {
      const failed = await library.read([folder.path, missing]).catch((error: unknown) => error);
      expect(TriviumError.isInstance(failed) && failed.code).toBe('not-found');
      expect((failed as Error).message).toContain(missing);
    }
    expect(await library.paths()).toHaveLength(2);
    await expect(library.document('none')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('is read once by a glob, however many links lead to it', async () => {
    await using folder = await temporaryFolder();
    const files = [await folder.write('b/c.md', 'c'), await folder.write('d.md', 'd')];
    await symlink(folder.path, join(folder.path, 'b', 'again'));
    await symlink(join(folder.path, 'b'), join(folder.path, 'a'));
    await using library = await open();
    expect(await library.read([join(folder.path, '**/*.md')])).toMatchObject({ documents: 2, skipped: [] });
    expect((await library.paths()).map((path) => resolve(path))).toEqual(files);
  });

  it('reads standard input once', async () => {
    await using library = await open({
      stdin: Readable.from([Buffer.from('# Title\n\nfrom a pi'), Buffer.from('pe')]),
    });
    expect(await library.read(['-'])).toMatchObject({ documents: 1 });
    expect(await library.read(['-'])).toMatchObject({ documents: 1 });
    expect(await library.search('pipe')).toMatchObject([{ path: '-', start: 0, line: 1 }]);
  });

  it('keeps places of HTML in the file', async () => {
    await using folder = await temporaryFolder();
    const source = '<p>one</p>\n<p>the <b>second</b> &lt;one&gt;</p>';
    const path = await folder.write('a.html', source);
    await using library = await open();
    await library.read([path]);
    const [passage] = await library.passages();
    const document = await library.document(path);
    expect(passage!.text).toBe(document.text.slice(passage!.textStart, passage!.textEnd));
    expect(source.slice(passage!.start, passage!.end)).toBe(source.slice(3, -4));
    const start = document.text.indexOf('second');
    expect(placeInFile(document, start, start + 6)).toMatchObject({
      start: source.indexOf('second'),
      line: 2,
    });
  });
});

describe('reading again', () => {
  it('does only what changed, also in another process', async () => {
    await using folder = await temporaryFolder();
    await using cache = await temporaryFolder();
    for (let index = 0; index < 5; index++)
      await folder.write(`${index}.md`, `# Page ${index}\n\nnumber${index} 😀\n`);
    await folder.write('page.html', '<p>markup &amp; text');
    await folder.write('page.pdf', makePdf([[{ text: 'first' }], [{ text: 'second' }]]));
    const calls: string[][] = [];
    const options = { cacheDir: cache.path, embedders: { static: conceptEmbedder(calls) } };
    await using first = await open(options);
    expect(await first.read([folder.path])).toMatchObject({ documents: 7, changed: 7 });
    expect(await first.read([folder.path])).toMatchObject({ documents: 7, changed: 0 });
    const before = await first.passages();
    const embedded = calls.flat().length;

    await using second = await open(options);
    expect(await second.read([folder.path])).toMatchObject({ documents: 7, changed: 0 });
    expect(await second.passages()).toEqual(before);
    expect(await second.document(join(folder.path, 'page.pdf'))).toEqual(
      await first.document(join(folder.path, 'page.pdf')),
    );
    expect(calls.flat()).toHaveLength(embedded);
    expect(await second.search('number3')).toEqual(await first.search('number3'));

    await folder.write('1.md', 'changed words');
    await rm(join(folder.path, '2.md'));
    await utimes(join(folder.path, '3.md'), 1, 1);
    expect(await second.read([folder.path])).toMatchObject({ documents: 6, changed: 1 });
    expect(await second.search('changed', { mode: 'lexical' })).toHaveLength(1);
    expect(await second.search('number2', { mode: 'lexical' })).toEqual([]);
    expect(await second.search('number3', { mode: 'lexical' })).toHaveLength(1);
  });

  it('says each time which pages of a PDF are damaged', async () => {
    await using folder = await temporaryFolder();
    await using cache = await temporaryFolder();
    const whole = makePdf([[{ text: 'One.' }], [{ text: 'Two.' }]]);
    const path = await folder.write('a.pdf', damagePage(whole, 2));
    await utimes(path, 1, 1);
    for (const changed of [1, 0]) {
      await using library = await open({ cacheDir: cache.path });
      expect(await library.read([folder.path])).toMatchObject({
        documents: 1,
        changed,
        warnings: [expect.stringMatching(/a\.pdf: pages that cannot be read: 2 to the end/)],
      });
    }
  });

  it.each(['written', 'renamed'])('sees other content of the same size and time: %s', async (how) => {
    await using folder = await temporaryFolder();
    await using cache = await temporaryFolder();
    const path = await folder.write('a.md', 'number1');
    await utimes(path, 1, 1);
    await using first = await open({ cacheDir: cache.path });
    await first.read([folder.path]);
    if (how === 'written') await writeFile(path, 'number2');
    else await rename(await folder.write('new', 'number2'), path);
    await utimes(path, 1, 1);
    await using second = await open({ cacheDir: cache.path });
    for (const library of [first, second]) {
      await library.read([folder.path]);
      expect(await library.search('number2')).toHaveLength(1);
    }
  });

  it.each(['truncated', 'flipped', 'emptied'])(
    'makes a new index where the kept one is %s',
    async (damage) => {
      await using folder = await temporaryFolder();
      await using cache = await temporaryFolder();
      await folder.write('a.md', 'words to find '.repeat(50));
      const options = { cacheDir: cache.path };
      await using first = await open(options);
      await first.read([folder.path]);
      const [name] = await readdir(join(cache.path, 'documents'));
      const file = join(cache.path, 'documents', name!);
      const bytes = await readFile(file);
      if (damage === 'truncated') await truncate(file, bytes.length - 9);
      else if (damage === 'emptied') await writeFile(file, '');
      else {
        bytes[bytes.length >> 1]! ^= 1;
        await writeFile(file, bytes);
      }
      await using second = await open(options);
      expect(await second.read([folder.path])).toMatchObject({ changed: 1, warnings: [] });
      expect(await second.search('find')).toHaveLength(1);
      await using third = await open(options);
      expect(await third.read([folder.path])).toMatchObject({ changed: 0 });
    },
  );

  it('still answers where the index cannot be kept, and says so', async () => {
    await using folder = await temporaryFolder();
    await folder.write('a.md', 'words');
    const blocked = await folder.write('cache', 'a file where a folder should be');
    await using library = await open({ cacheDir: blocked });
    const report = await library.read([join(folder.path, 'a.md')]);
    expect(report.warnings).toHaveLength(1);
    expect(await library.search('words')).toHaveLength(1);
  });

  it('follows changes when it watches', async () => {
    await using folder = await temporaryFolder();
    await folder.write('a.md', 'old');
    await using library = await open();
    const changed = new Promise((resolve) => {
      library
        .read([folder.path], { watch: true, onChange: resolve })
        .then(() => folder.write('b.md', 'brandnew'));
    });
    expect(await changed).toMatchObject({ documents: 2, changed: 1 });
    expect(await library.search('brandnew')).toHaveLength(1);
  });
});

describe('watching', () => {
  /** Calls of `onChange` one after another. */
  function changes() {
    const reports: ReadReport[] = [];
    let wake = () => {};
    return {
      onChange: (report: ReadReport) => {
        reports.push(report);
        wake();
      },
      next: async () => {
        while (reports.length === 0) await new Promise<void>((resolve) => (wake = resolve));
        return reports.shift()!;
      },
    };
  }

  it.each(['file', 'folder'])(
    'hears every save that renames a new file over the old one: a %s',
    async (root) => {
      await using folder = await temporaryFolder();
      await using aside = await temporaryFolder();
      const path = await folder.write('a.md', 'number0');
      await using library = await open();
      const { onChange, next } = changes();
      await library.read([root === 'file' ? path : folder.path], { watch: true, onChange });
      for (const word of ['number1', 'number2', 'number3']) {
        await rename(await aside.write('new.md', word), path);
        expect(await next()).toMatchObject({ documents: 1, changed: 1 });
        expect(await library.search(word)).toHaveLength(1);
      }
    },
  );

  it('goes on where one of its roots is gone, and hears of it once it is back', async () => {
    await using folder = await temporaryFolder();
    const [kept, lost] = [join(folder.path, 'kept'), join(folder.path, 'lost')];
    await folder.write('kept/a.md', 'first');
    await folder.write('lost/b.md', 'second');
    await using library = await open();
    const { onChange, next } = changes();
    await library.read([kept, lost], { watch: true, onChange });
    await rm(lost, { recursive: true });
    expect(await next()).toMatchObject({ documents: 1, skipped: [{ path: lost, reason: 'is gone' }] });
    await folder.write('kept/c.md', 'third');
    expect(await next()).toMatchObject({ documents: 2, changed: 1 });
    await folder.write('lost/b.md', 'second');
    expect(await next()).toMatchObject({ documents: 3, skipped: [] });
    await folder.write('lost/d.md', 'fourth');
    expect(await next()).toMatchObject({ documents: 4, skipped: [] });
    await library.dispose();
  });

  it('tells what changed while the first reading ran, and nothing where nothing did', async () => {
    await using folder = await temporaryFolder();
    for (const name of ['a.md', 'b.md', 'c.md']) await folder.write(name, 'old');
    await using library = await open({ stdin: Readable.from(['piped']) });
    const { onChange, next } = changes();
    await library.read([folder.path, '-'], {
      watch: true,
      onChange,
      onProgress: ({ done }) => {
        if (done === 2) writeFileSync(join(folder.path, 'a.md'), 'brandnew');
      },
    });
    expect(await next()).toMatchObject({ documents: 4, changed: 1 });
    expect(await library.search('brandnew', { mode: 'lexical' })).toHaveLength(1);
    await library.read([folder.path, '-'], { watch: true, onChange });
    await library.read([folder.path]); // by now the watch has looked once
    expect(await Promise.race([next(), 'nothing'])).toBe('nothing');
  });

  it('tells of a file that is written without end', async () => {
    await using folder = await temporaryFolder();
    const path = await folder.write('a.log', 'line\n');
    await using library = await open();
    const { onChange, next } = changes();
    await library.read([path], { watch: true, onChange });
    const writing = setInterval(() => appendFileSync(path, 'line\n'), 20);
    try {
      expect(await next()).toMatchObject({ documents: 1, changed: 1 });
    } finally {
      clearInterval(writing);
    }
  });

  it('is of the last reading alone, however readings overlap, and survives one that fails', async () => {
    await using first = await temporaryFolder();
    await using second = await temporaryFolder();
    await first.write('a.md', 'first');
    const path = await second.write('b.md', 'second');
    const library = await open();
    const [stale, latest] = [changes(), changes()];
    const reading = library.read([first.path], { watch: true, onChange: stale.onChange });
    await library.read([second.path], { watch: true, onChange: latest.onChange });
    await reading;
    await expect(library.read([join(first.path, 'none')])).rejects.toMatchObject({ code: 'not-found' });
    await first.write('c.md', 'stale');
    await second.write('d.md', 'news');
    expect(await latest.next()).toMatchObject({ documents: 2, changed: 1 });
    expect(await library.paths()).toEqual([path, join(second.path, 'd.md')]);
    // A watcher of the first folder would have spoken by the time that of the second does again.
    await second.write('e.md', 'more');
    await latest.next();
    expect(await Promise.race([stale.next(), 'nothing'])).toBe('nothing');
    await library.dispose();
  });
});

it('reads no further once it is disposed of', async () => {
  await using folder = await temporaryFolder();
  for (let index = 0; index < 30; index++) await folder.write(`${index}.md`, `number${index}`);
  const library = await open();
  let read = 0;
  const reading = library.read([folder.path], {
    onProgress: ({ done }) => {
      read = done;
      if (done === 10) void library.dispose();
    },
  });
  expect(library.ended).toBe(false);
  await expect(reading).rejects.toMatchObject({ code: 'disposed' });
  expect([read, library.ended]).toEqual([10, true]);
});

describe('limits', () => {
  it('holds to maxFileBytes for what an earlier run has indexed', async () => {
    await using folder = await temporaryFolder();
    await using cache = await temporaryFolder();
    const path = await folder.write('a.md', 'words '.repeat(400));
    await utimes(path, 1, 1);
    await using large = await open({ cacheDir: cache.path });
    await large.read([folder.path]);
    await using small = await open({ cacheDir: cache.path, maxFileBytes: 1000 });
    const { documents, skipped } = await small.read([folder.path]);
    expect([documents, skipped]).toEqual([0, [{ path, reason: expect.stringContaining('maxFileBytes') }]]);
  });

  it('waits for no end of standard input once it is told to stop', async () => {
    const library = await open({ stdin: new PassThrough() });
    const controller = new AbortController();
    const stopped = library.read(['-'], { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(stopped).rejects.toThrow('enough');
    const disposed = expect(library.read(['-'])).rejects.toMatchObject({ code: 'disposed' });
    await library.dispose();
    await disposed;
    await expect(library.read(['-'])).rejects.toMatchObject({ code: 'disposed' });
  });
});

describe('searching', () => {
  const texts = {
    'a.md': '# Animals\n\nThe cat sleeps.',
    'b.md': '# Caches\n\n```\nthis code opens nothing\n```\n\nA cache opens this document.',
    'c.md': '# 流\n\n流式输出文字。',
  };

  it('crosses languages by vectors and orders documents by the contextual embedder', async () => {
    await using folder = await temporaryFolder();
    for (const [name, text] of Object.entries(texts)) await folder.write(name, text);
    const calls: string[][] = [];
    await using library = await open({
      embedders: { static: conceptEmbedder(), contextual: conceptEmbedder(calls) },
    });
    await library.read([folder.path]);
    for (const mode of ['hybrid', 'static'] as const) {
      for (const level of ['passage', 'document'] as const) {
        expect((await library.search('猫在哪里', { mode, level, limit: 1 }))[0]!.path).toBe(
          join(folder.path, 'a.md'),
        );
        expect((await library.search('stream', { mode, level, limit: 1 }))[0]!.path).toBe(
          join(folder.path, 'c.md'),
        );
      }
    }
    for (let round = 0; round < 2; round++) await library.search('cat or cache', { level: 'document' });
    expect(calls.flat().filter((text) => text.includes('sleeps'))).toEqual([
      'Animals Animals The cat sleeps.',
    ]);
    expect(calls.flat().filter((text) => text.includes('opens'))).toEqual(['A cache opens this document.']);
    expect(await library.search('猫', { mode: 'lexical' })).toEqual([]);
  });

  it('asks a named embedder about passages, once each', async () => {
    await using folder = await temporaryFolder();
    await folder.write('a.md', '流 is here.');
    await folder.write('b.md', '猫 is here.');
    const calls: string[][] = [];
    const blind: DocumentEmbedder = {
      id: 'blind',
      width: 1,
      embed: async (texts) => ({ embeddings: new Float32Array(texts.length).fill(1), inputTokens: 1 }),
    };
    const firstOf = async (embedders: NonNullable<LibraryOptions['embedders']>) => {
      await using library = await open({ embedders });
      await library.read([folder.path]);
      const search = () => library.search('what cat is here', { limit: 1, explain: true });
      await search();
      return (await search())[0]!;
    };
    expect((await firstOf({ static: blind })).path).toBe(join(folder.path, 'a.md'));
    const named = await firstOf({ static: blind, contextual: conceptEmbedder(calls) });
    expect(named.path).toBe(join(folder.path, 'b.md'));
    expect(named.parts!.contextual).toBeGreaterThan(0.9);
    expect(calls).toEqual([['a 流 is here.', 'b 猫 is here.'], ['what cat is here'], ['what cat is here']]);
    const ranker = { rank: async () => Float32Array.of(0, 0) };
    const beside = await firstOf({ static: blind, contextual: conceptEmbedder(), ranker });
    expect(beside.path).toBe(join(folder.path, 'b.md'));
    expect(beside.parts).toMatchObject({ answers: 0, contextual: expect.any(Number) });
  });

  it('refuses what it cannot do', async () => {
    await using folder = await temporaryFolder();
    await folder.write('a.md', 'words');
    const library = await open();
    expect(await library.search('anything')).toEqual([]);
    await library.read([folder.path]);
    await expect(library.search('words', { mode: 'static' })).rejects.toMatchObject({ code: 'unsupported' });
    await expect(library.search('words', { limit: 0 })).rejects.toMatchObject({ code: 'invalid-argument' });
    expect(await library.search('')).toEqual([]);
    await library.dispose();
    await expect(library.search('words')).rejects.toMatchObject({ code: 'disposed' });
    await expect(
      open({ staticModel: '/no/such/model' }).then((other) => other.read([folder.path])),
    ).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('stops when told, and keeps what it had', async () => {
    await using folder = await temporaryFolder();
    for (let index = 0; index < 30; index++) await folder.write(`${index}.md`, `number${index}`);
    await using library = await open({ embedders: { static: conceptEmbedder([], 20) } });
    await library.read([join(folder.path, '1.md')]);
    const controller = new AbortController();
    const reading = library.read([folder.path], {
      signal: controller.signal,
      onProgress: ({ done }) => done === 10 && controller.abort(new Error('enough')),
    });
    await expect(reading).rejects.toThrow('enough');
    await expect(library.search('number1', { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow(
      'no',
    );
    expect(await library.paths()).toEqual([join(folder.path, '1.md')]);
    expect(await library.read([folder.path])).toMatchObject({ documents: 30, changed: 29 });
  });

  it('reads folders of nothing', async () => {
    await using folder = await temporaryFolder();
    await mkdir(join(folder.path, 'empty'));
    await folder.write('blank.md', '\n\n');
    await using library = await open();
    expect(await library.read([folder.path])).toMatchObject({ documents: 1, chunks: 0 });
    expect(await library.search('x', { level: 'document' })).toEqual([]);
  });
});
