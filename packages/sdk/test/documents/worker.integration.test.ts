import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { embedModelFile, staticModelFile } from '@trivium/nano';
import { build } from 'tsup';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLibrary, type LibraryOptions } from '../../src/documents/index.js';
import type { FromWorker, ToWorker, WorkerSettings } from '../../src/documents/worker-protocol.js';
import { temporaryFolder } from './fixtures.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const outDir = join(root, 'node_modules', `.documents-worker-${process.pid}`);
const workerFile = join(outDir, 'worker.js');

beforeAll(async () => {
  const entry = { worker: join(root, 'src/documents/worker.ts') };
  await build({ config: false, entry, format: 'esm', outDir, silent: true, external: [/^@trivium\//] });
});
afterAll(() => rm(outDir, { recursive: true, force: true }));

const open = (file: string | URL = workerFile, options: LibraryOptions = {}) =>
  createLibrary({ workerFile: file, cacheDir: false, staticModel: false, embedModel: false, ...options });

const scriptUrl = (source: string) => new URL(`data:text/javascript,${encodeURIComponent(source)}`);

describe('a library in a worker', () => {
  it('does what one on this thread does', async () => {
    await using folder = await temporaryFolder();
    for (let index = 0; index < 40; index++) {
      await folder.write(`${index}.md`, `# Page ${index}\n\n${`Words about number${index}. `.repeat(500)}`);
    }
    await folder.write('a.html', '<p>some <b>markup</b>');
    await using here = await createLibrary({
      inProcess: true,
      cacheDir: false,
      staticModel: false,
      embedModel: false,
    });
    await using there = await open();
    const progress: number[] = [];
    await here.read([folder.path]);
    await there.read([folder.path], { onProgress: ({ done }) => progress.push(done) });
    expect(progress.at(-1)).toBe(41);
    expect(await there.paths()).toEqual(await here.paths());
    expect(await there.passages()).toEqual(await here.passages());
    expect(await there.search('number7', { limit: 3 })).toEqual(await here.search('number7', { limit: 3 }));
    const path = join(folder.path, 'a.html');
    expect(await there.document(path)).toEqual(await here.document(path));
    expect(await there.document(path)).toEqual(await here.document(path));
  });

  it('hands on what a search warns of', async () => {
    await using folder = await temporaryFolder();
    for (const name of ['a.md', 'b.md']) await folder.write(name, `A cat. ${'x;y,z:'.repeat(150)}`);
    await using library = await open(workerFile, {
      staticModel: staticModelFile,
      embedModel: embedModelFile,
    });
    await library.read([folder.path]);
    const warnings: string[] = [];
    await library.search('cat', { onWarning: (message) => warnings.push(message) });
    expect(warnings).toEqual([expect.stringContaining('embedModel')]);
  });

  it('hands over the next part of a long list once the last one was taken', async () => {
    await using folder = await temporaryFolder();
    for (let index = 0; index < 5; index++) await folder.write(`${index}.md`, 'Some words. '.repeat(20_000));
    const workerData: WorkerSettings = { cacheDir: false, staticModel: false, embedModel: false };
    const worker = new Worker(workerFile, { workerData });
    const messages: FromWorker[] = [];
    worker.on('message', (message: FromWorker) => messages.push(message));
    const send = (message: ToWorker) => worker.postMessage(message);
    const isDone = (id: number) => messages.some((message) => message.type === 'result' && message.id === id);
    const result = (id: number) => vi.waitUntil(() => isDone(id), { timeout: 30_000 });
    const parts = () => messages.filter(({ type }) => type === 'part').length;
    send({ id: 1, call: 'read', input: { paths: [folder.path], watch: false } });
    await result(1);
    send({ id: 2, call: 'passages', input: {} });
    for (let taken = 1; !isDone(2); taken++) {
      // Messages arrive in their order: whatever were sent before this answer are here with it.
      send({ id: 2 + taken, call: 'paths', input: {} });
      await result(2 + taken);
      expect(parts()).toBe(taken);
      send({ id: 2, call: 'taken' });
    }
    expect(parts()).toBeGreaterThan(5);
    await worker.terminate();
  });

  it('reports errors, cancels and changes', async () => {
    await using folder = await temporaryFolder();
    for (let index = 0; index < 100; index++) await folder.write(`${index}.md`, 'Some words. '.repeat(5000));
    const library = await open();
    await expect(library.read([join(folder.path, 'none')])).rejects.toMatchObject({ code: 'not-found' });
    const controller = new AbortController();
    const reading = library.read([folder.path], {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(reading).rejects.toThrow('enough');
    expect(await library.paths()).toEqual([]);
    const changed = new Promise((resolve) => {
      library
        .read([folder.path], { watch: true, onChange: resolve })
        .then(() => folder.write('new.md', 'news'));
    });
    expect(await changed).toMatchObject({ documents: 101 });
    await library.dispose();
    await expect(library.paths()).rejects.toMatchObject({ code: 'disposed' });
  });

  it('fails a call whose listener throws, and it alone', async () => {
    await using folder = await temporaryFolder();
    for (const name of ['a.md', 'b.md']) await folder.write(name, `A cat. ${'x;y,z:'.repeat(150)}`);
    await using library = await open(workerFile, {
      staticModel: staticModelFile,
      embedModel: embedModelFile,
    });
    const leave = () => {
      throw new Error('left');
    };
    await expect(library.read([folder.path], { onProgress: leave })).rejects.toThrow('left');
    let told = (_: unknown) => {};
    const changed = new Promise((resolve) => (told = resolve));
    const onChange = (report: unknown) => {
      told(report);
      leave();
    };
    await library.read([folder.path], { watch: true, onChange });
    await expect(library.search('cat', { onWarning: leave })).rejects.toThrow('left');
    await folder.write('c.md', 'A dog.');
    expect(await changed).toMatchObject({ documents: 3 });
    expect(await library.search('dog', { limit: 1 })).toHaveLength(1);
  });

  it('keeps telling changes to the last reader that succeeded', async () => {
    await using folder = await temporaryFolder();
    await folder.write('a.md', 'old');
    await using library = await open();
    let told = (_: unknown) => {};
    const changed = new Promise((resolve) => (told = resolve));
    await library.read([folder.path], { watch: true, onChange: told });
    const onChange = () => told(new Error('The watch is of another reading.'));
    const signal = AbortSignal.abort(new Error('no'));
    await expect(library.read([folder.path], { signal, watch: true, onChange })).rejects.toThrow('no');
    const missing = library.read([join(folder.path, 'none')], { watch: true, onChange });
    await expect(missing).rejects.toMatchObject({ code: 'not-found' });
    await folder.write('b.md', 'news');
    expect(await changed).toMatchObject({ documents: 2, changed: 1 });
  });

  it('waits for no end of standard input once it is told to stop', async () => {
    const library = await open(workerFile, { stdin: new PassThrough() });
    const controller = new AbortController();
    const stopped = library.read(['-'], { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(stopped).rejects.toThrow('enough');
    const disposed = expect(library.read(['-'])).rejects.toMatchObject({ code: 'disposed' });
    await library.dispose();
    await disposed;
  });

  it('waits for no thread that does not listen', async () => {
    const busy = `import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { for (;;); });`;
    const library = await open(scriptUrl(busy));
    const controller = new AbortController();
    const stopped = library.search('x', { signal: controller.signal });
    const left = expect(library.read(['.'])).rejects.toMatchObject({ code: 'disposed' });
    controller.abort(new Error('enough'));
    await expect(stopped).rejects.toThrow('enough');
    await library.dispose();
    await left;
    await expect(library.paths()).rejects.toMatchObject({ code: 'disposed' });
  });

  it('replaces nothing by what it read after it should stop', async () => {
    await using folder = await temporaryFolder();
    await folder.write('a.md', 'first');
    await using library = await open();
    await library.read([folder.path]);
    // One file that takes a while: the cancel waits behind it.
    await folder.write('b.html', `<body>${'<div><li>x'.repeat(20_000)}`);
    const controller = new AbortController();
    const onProgress = ({ path }: { path: string }) =>
      path.endsWith('a.md') && controller.abort(new Error('enough'));
    const options = { signal: controller.signal, onProgress };
    await expect(library.read([folder.path], options)).rejects.toThrow('enough');
    expect(await library.paths()).toEqual([join(folder.path, 'a.md')]);
  });

  it('fails every call when the thread ends', async () => {
    const broken = `import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { throw new Error('broke'); });`;
    const library = await open(scriptUrl(broken));
    await expect(library.paths()).rejects.toMatchObject({ code: 'internal' });
    await expect(library.search('x')).rejects.toMatchObject({ code: 'internal' });
    await library.dispose();
  });
});
