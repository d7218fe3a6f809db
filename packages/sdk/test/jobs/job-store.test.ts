/** Jobs that end, fail, wait, are cancelled from elsewhere, and are known after their process was killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import {
  appendFile,
  type FileHandle,
  mkdtemp,
  open,
  readdir,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { implement, TriviumError } from '@trivium/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LineReader } from '../../src/base/line-reader.js';
import { JobStore } from '../../src/jobs/index.js';
import { endless } from './endless.mjs';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trivium-jobs-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await rm(folder, { recursive: true, force: true });
});

const count = implement(endless, async function* ({ steps = 3 }, { signal }) {
  for (let done = 1; done <= steps; done += 1) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    signal.throwIfAborted();
    yield { done };
  }
  return { steps };
});
const context = (signal: AbortSignal) => ({ signal });

/** The child's job, running. */
async function childJob(): Promise<{ child: ChildProcess; id: string }> {
  const script = fileURLToPath(new URL('./child.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout!, 'data');
  return { child, id: String(line).trim() };
}

/** The disk is full once `writes` more have reached a log. */
async function fillDiskAfter(writes: number): Promise<void> {
  const file = await open(join(folder, 'any'), 'w');
  const handles: Pick<FileHandle, 'appendFile'> = Object.getPrototypeOf(file);
  await file.close();
  await rm(join(folder, 'any'));
  const { appendFile } = handles;
  let written = 0;
  vi.spyOn(handles, 'appendFile').mockImplementation(function (this: FileHandle, ...args) {
    written += 1;
    if (written <= writes) return appendFile.apply(this, args);
    return Promise.reject(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));
  });
}

const day = 86_400_000;
async function age(name: string, ms: number): Promise<void> {
  const then = new Date(Date.now() - ms);
  await utimes(join(folder, name), then, then);
}

/** The log of a job that a container runs, or ran: its host is none that is known. */
async function elsewhere(id: string, ...entries: object[]): Promise<void> {
  const process = { host: '3f2a9c01be77', pid: 7, start: '123' };
  const created = { type: 'created', id, plugin: 'time', capability: 'endless', createdAt: '', process };
  const lines = [created, { type: 'started' }, ...entries].map((entry) => `${JSON.stringify(entry)}\n`);
  await writeFile(join(folder, `${id}.jsonl`), lines.join(''));
}

describe('a job', () => {
  it('is followed to its end, and known to another store', async () => {
    await using store = new JobStore({ folder });
    const { id } = await store.start(count, { steps: 5 }, context);
    const watching = new JobStore({ folder }).watch(id, { after: 2 });
    const seen: unknown[] = [];
    let step = await watching.next();
    for (; !step.done; step = await watching.next()) seen.push(step.value);
    expect(seen).toEqual([3, 4, 5].map((done) => ({ event: done, progress: { done } })));
    const expected = {
      id,
      plugin: 'time',
      capability: 'endless',
      status: 'succeeded',
      events: 5,
      output: { steps: 5 },
    };
    expect(step.value).toMatchObject(expected);
    expect(await new JobStore({ folder }).get(id)).toMatchObject(expected);
  });

  it('of another scope is unknown, and all are known where there is none', async () => {
    await using tea = new JobStore({ folder, scope: 'tea' });
    const coffee = new JobStore({ folder, scope: 'coffee' });
    const { id } = await tea.start(count, { steps: 1 }, context);
    expect(await tea.get(id)).toMatchObject({ id });
    expect(await new JobStore({ folder }).list()).toHaveLength(1);
    expect(await coffee.list()).toEqual([]);
    await expect(coffee.get(id)).rejects.toMatchObject({ code: 'not-found' });
    await expect(coffee.cancel(id)).rejects.toMatchObject({ code: 'not-found' });
    await expect(coffee.watch(id).next()).rejects.toMatchObject({ code: 'not-found' });
  });

  it('that fails keeps its error', async () => {
    await using store = new JobStore({ folder });
    const failing = implement(endless, async function* () {
      throw Object.assign(new Error('x'), { code: 'ENOENT', path: 'gone.md' });
    });
    const { id } = await store.start(failing, {}, context);
    for await (const _ of store.watch(id));
    expect(await store.get(id)).toMatchObject({
      status: 'failed',
      error: { code: 'not-found', file: 'gone.md' },
    });
  });

  it('that fails with an error of any kind has failed', async () => {
    await using store = new JobStore({ folder });
    const failing = implement(endless, async function* () {
      // As `execFile` throws it.
      throw Object.assign(new Error('Command failed: false'), { code: 1 });
    });
    const { id } = await store.start(failing, {}, context);
    for await (const _ of store.watch(id));
    expect(await store.get(id)).toMatchObject({
      status: 'failed',
      error: { code: 'internal', message: 'Command failed: false' },
    });
  });

  it('that fails with a code that is none of ours has failed, and so has one whose log says it', async () => {
    await using store = new JobStore({ folder });
    const failing = implement(endless, async function* () {
      throw Object.defineProperty(new TriviumError('io', 'It took too long.'), 'code', { value: 'timeout' });
    });
    const { id } = await store.start(failing, {}, context);
    for await (const _ of store.watch(id));
    const error = { code: 'timeout', message: 'It took too long.', seconds: 30 };
    await elsewhere('mx0', { type: 'ended', status: 'failed', endedAt: '', error });
    const told = { status: 'failed', error: { code: 'internal', message: 'It took too long.' } };
    expect(await store.get(id)).toMatchObject(told);
    expect(await store.get('mx0')).toMatchObject({ ...told, error: { ...told.error, seconds: 30 } });
    expect(await store.list()).toHaveLength(2);
  });

  it('on a disk that is full by now runs to its end, and is interrupted', async () => {
    await using store = new JobStore({ folder });
    await fillDiskAfter(1);
    let ended = false;
    const counting = implement(endless, async function* (input, made) {
      const output = yield* count.run(input, made);
      ended = true;
      return output;
    });
    const { id } = await store.start(counting, { steps: 20 }, context);
    for await (const _ of store.watch(id));
    expect(ended).toBe(true);
    expect(await store.get(id)).toMatchObject({ status: 'interrupted' });
    expect(await store.list({ status: 'interrupted' })).toHaveLength(1);
    expect(await store.cancel(id)).toMatchObject({ status: 'interrupted' });
  });

  it('on a disk that is full is not begun, and leaves nothing', async () => {
    await using store = new JobStore({ folder });
    await fillDiskAfter(0);
    await expect(store.start(count, {}, context)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(await readdir(folder)).toEqual([]);
  });

  it('with a wrong input is refused and leaves nothing', async () => {
    await using store = new JobStore({ folder });
    await expect(store.start(count, { steps: 'many' as never }, context)).rejects.toMatchObject({
      code: 'invalid-argument',
      field: 'steps',
    });
    expect(await store.list()).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')('is an error where no folder can be made for it', async () => {
    await using store = new JobStore({ folder: '/proc/self/fd/trivium/jobs' });
    await expect(store.start(count, { steps: 1 }, context)).rejects.toMatchObject({ code: 'io' });
  });

  it('waits for its turn, in order; what is too much is busy', async () => {
    await using store = new JobStore({ folder, maxRunning: 1, maxQueued: 2 });
    const first = await store.start(count, { steps: 1e6 }, context);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const second = await store.start(count, { steps: 1 }, context);
    const third = await store.start(count, { steps: 1 }, context);
    await expect(store.start(count, { steps: 1 }, context)).rejects.toMatchObject({ code: 'busy' });
    expect((await store.get(second.id)).status).toBe('queued');
    expect((await store.cancel(third.id)).status).toBe('cancelled');
    expect((await store.cancel(first.id)).status).toBe('cancelled');
    for await (const _ of store.watch(second.id));
    expect((await store.get(second.id)).status).toBe('succeeded');
    const { jobs } = { jobs: await store.list({ status: 'cancelled' }) };
    expect(jobs.map(({ id }) => id).sort()).toEqual([first.id, third.id].sort());
  });

  it('has a place of those that may run where none may wait', async () => {
    await using store = new JobStore({ folder, maxRunning: 2, maxQueued: 0 });
    for (let started = 0; started < 2; started += 1) await store.start(count, { steps: 1e6 }, context);
    await expect(store.start(count, {}, context)).rejects.toMatchObject({ code: 'busy' });
  });

  it('may wait for jobs that it starts, however many do, and those for theirs', async () => {
    await using store = new JobStore({ folder, maxRunning: 2 });
    let running = 0;
    let most = 0;
    /** Two jobs below it, `steps` deep. */
    const parent = implement(endless, async function* ({ steps = 0 }) {
      if (steps === 0) {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running -= 1;
        return { steps };
      }
      const below = [0, 1].map(() => store.start(parent, { steps: steps - 1 }, context));
      for (const { id } of await Promise.all(below)) for await (const _ of store.watch(id));
      return { steps };
    });
    const started = [0, 1, 2].map(() => store.start(parent, { steps: 2 }, context));
    for (const { id } of await Promise.all(started)) {
      for await (const _ of store.watch(id));
      expect(await store.get(id)).toMatchObject({ status: 'succeeded' });
    }
    expect(most).toBe(2);
  });

  it('is followed by many at once, none of whom holds on to the signal that ends it', async () => {
    await elsewhere('mx0', { type: 'progress', progress: { done: 1 } });
    const store = new JobStore({ folder });
    const controller = new AbortController();
    const following = Array.from({ length: 12 }, () => store.watch('mx0', { signal: controller.signal }));
    for (const one of following) expect((await one.next()).value).toMatchObject({ event: 1 });
    const ends = Promise.allSettled(following.map((one) => one.next()));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    controller.abort();
    for (const end of await ends) expect(end).toMatchObject({ status: 'rejected' });
  });

  it('is cancelled from another process, and says so there', async () => {
    const { child, id } = await childJob();
    const store = new JobStore({ folder });
    expect(await store.get(id)).toMatchObject({ status: 'running' });
    const exited = once(child, 'exit'); // perhaps before the log has told that it was cancelled
    expect(await store.cancel(id)).toMatchObject({ status: 'cancelled' });
    await exited;
    expect(await readdir(folder)).toEqual([`${id}.jsonl`]);
  });

  it('whose process was killed is interrupted, with the progress it had', async () => {
    const { child, id } = await childJob();
    const store = new JobStore({ folder });
    for await (const { event } of store.watch(id)) if (event === 5) break;
    child.kill('SIGKILL');
    await once(child, 'exit');
    // Half a line, as a crash may leave it.
    await appendFile(join(folder, `${id}.jsonl`), '{"type":"prog');
    const job = await store.get(id);
    expect(job.status).toBe('interrupted');
    expect(job.events).toBeGreaterThanOrEqual(5);
    expect((await store.list())[0]).toMatchObject({ id, status: 'interrupted' });
    expect(await store.cancel(id)).toMatchObject({ status: 'interrupted' });
  });

  it('ends with its store', async () => {
    const store = new JobStore({ folder });
    const { id } = await store.start(count, { steps: 1e6 }, context);
    await store[Symbol.asyncDispose]();
    expect((await store.get(id)).status).toBe('cancelled');
  });

  it('is forgotten when it is old', async () => {
    await using store = new JobStore({ folder });
    const { id } = await store.start(count, { steps: 1 }, context);
    for await (const _ of store.watch(id));
    await age(`${id}.jsonl`, 40 * day);
    await using later = new JobStore({ folder });
    const { id: next } = await later.start(count, { steps: 1 }, context);
    await vi.waitFor(() => expect(later.get(id)).rejects.toMatchObject({ code: 'not-found' }));
    expect((await later.get(next)).id).toBe(next);
  });

  it('does not wait until old ones are forgotten; its store does when it goes', async () => {
    const old = 'mx3p0puw2ba52f85609f';
    await elsewhere(old);
    await age(`${old}.jsonl`, 40 * day);
    const { open } = LineReader;
    let goOn!: () => void;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    vi.spyOn(LineReader, 'open').mockImplementation(async (path, ...rest) => {
      if (path.includes(old)) await held;
      return open.call(LineReader, path, ...rest);
    });
    const store = new JobStore({ folder });
    const { id } = await store.start(count, { steps: 1 }, context);
    expect(await readdir(folder)).toContain(`${old}.jsonl`);
    goOn();
    await store[Symbol.asyncDispose]();
    expect(await readdir(folder)).toEqual([`${id}.jsonl`]);
  });

  it.each([{ maxRunning: 0 }, { maxRunning: 1.5 }, { maxQueued: -1 }, { maxQueued: Number.NaN }])(
    'is not bounded by %j',
    (settings) => {
      const field = Object.keys(settings)[0];
      expect(() => new JobStore({ folder, ...settings })).toThrow(
        expect.objectContaining({ code: 'invalid-argument', field }),
      );
    },
  );

  it('takes nothing along that is not its own when it is forgotten', async () => {
    const [theirs, damaged, asked] = ['mx3p0puw2ba52f85609f', 'mx3p0puw2ba52f85609e', 'mx3p0puw2ba52f85609d'];
    await writeFile(join(folder, 'photos.zip'), 'PK');
    await writeFile(join(folder, 'training-set.jsonl'), '{"my":"data"}\n');
    await writeFile(join(folder, `${theirs}.jsonl`), '{"my":"data"}\n');
    await elsewhere(damaged);
    await appendFile(join(folder, `${damaged}.jsonl`), 'half a li\n');
    await writeFile(join(folder, `${asked}.cancel`), '');
    await writeFile(join(folder, `${asked}.jsonl`), ''); // its process ended before the first line
    for (const name of await readdir(folder)) await age(name, 40 * day);
    const store = new JobStore({ folder });
    const { id } = await store.start(count, { steps: 1 }, context);
    await store[Symbol.asyncDispose]();
    const kept = ['photos.zip', 'training-set.jsonl', `${theirs}.jsonl`, `${id}.jsonl`];
    expect((await readdir(folder)).sort()).toEqual(kept.sort());
  });

  it('of a container that was replaced is interrupted once nobody touches its log', async () => {
    await elsewhere('mx0', { type: 'progress', progress: { done: 1 } });
    const store = new JobStore({ folder });
    expect(await store.get('mx0')).toMatchObject({ status: 'running' });
    const watching = store.watch('mx0');
    expect((await watching.next()).value).toMatchObject({ event: 1 });
    await age('mx0.jsonl', 60_000);
    expect(await watching.next()).toMatchObject({ done: true, value: { status: 'interrupted' } });
    expect(await store.list()).toMatchObject([{ status: 'interrupted' }]);
    expect(await store.cancel('mx0')).toMatchObject({ status: 'interrupted' });
    expect(await readdir(folder)).toEqual(['mx0.jsonl']);
    await appendFile(join(folder, 'mx0.jsonl'), '{"type":"progress","progress":{"done":2}}\n');
    expect(await store.list()).toMatchObject([{ status: 'running', events: 2, progress: { done: 2 } }]);
  });

  it('that says nothing for long has its log touched', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await using store = new JobStore({ folder });
    const silent = implement(endless, async function* (_, { signal }) {
      await once(signal, 'abort');
      return { steps: 0 };
    });
    const { id } = await store.start(silent, {}, context);
    const name = `${id}.jsonl`;
    await age(name, 60_000);
    vi.advanceTimersByTime(5000);
    const ageMs = async () => Date.now() - (await stat(join(folder, name))).mtimeMs;
    await vi.waitFor(async () => expect(await ageMs()).toBeLessThan(30_000));
    await store.cancel(id);
    expect(vi.getTimerCount()).toBe(1); // of requests to cancel, until it finds no job
  });

  it('is forgotten when it is old by a store that runs for long', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await using store = new JobStore({ folder });
    const run = async () => {
      const { id } = await store.start(count, { steps: 1 }, context);
      for await (const _ of store.watch(id));
      return id;
    };
    const old = await run();
    const then = new Date(Date.now() - 40 * 86_400_000);
    await utimes(join(folder, `${old}.jsonl`), then, then);
    await run();
    expect((await store.get(old)).id).toBe(old);
    vi.setSystemTime(Date.now() + 3_600_000);
    const next = await run();
    await vi.waitFor(() => expect(store.get(old)).rejects.toMatchObject({ code: 'not-found' }));
    expect((await store.get(next)).id).toBe(next);
  });

  it('that has ended is listed without its log being read again', async () => {
    await using store = new JobStore({ folder });
    const { id } = await store.start(count, { steps: 3 }, context);
    for await (const _ of store.watch(id));
    const [listed] = await store.list();
    expect(listed).toMatchObject({ id, status: 'succeeded', events: 3 });
    // A last event may tell all of the output.
    for (const field of ['output', 'progress']) expect(listed).not.toHaveProperty(field);
    await writeFile(join(folder, `${id}.jsonl`), 'no log\n');
    expect(await store.list()).toEqual([listed]);
    await rm(join(folder, `${id}.jsonl`));
    expect(await store.list()).toEqual([]);
  });

  it('is read in pieces, however long its lines are', async () => {
    const long = 'tea '.repeat(100_000);
    const progress = [long, 'short', long].map((text) => ({ type: 'progress', progress: { text } }));
    await elsewhere('mx1', ...progress, { type: 'ended', status: 'succeeded', endedAt: '', output: long });
    const store = new JobStore({ folder });
    expect(await store.get('mx1')).toMatchObject({ events: 3, progress: { text: long }, output: long });
    const lengths: number[] = [];
    for await (const { progress } of store.watch('mx1', { after: 1 }))
      lengths.push((progress as { text: string }).text.length);
    expect(lengths).toEqual([5, long.length]);
  });

  it('is listed as far as somebody wants it', async () => {
    for (const id of ['mx1', 'mx2', 'mx3', 'mx4']) await elsewhere(id);
    const asked: string[] = [];
    const where = async ({ job: { id } }: { job: { id: string } }) => {
      asked.push(id);
      return id !== 'mx3';
    };
    const found = await new JobStore({ folder }).list({ limit: 2, where });
    expect(found.map(({ id }) => id)).toEqual(['mx4', 'mx2']);
    expect(asked).toEqual(['mx4', 'mx3', 'mx2']);
  });

  it('is listed without more logs being opened than are shown and a few, several at a time, each read once', async () => {
    const ids = Array.from({ length: 60 }, (_, index) => `mx${index + 10}`);
    for (const id of ids) await elsewhere(id, { type: 'ended', status: 'succeeded', endedAt: '' });
    const opened: string[] = [];
    const { open } = LineReader;
    let reading = 0;
    let most = 0;
    vi.spyOn(LineReader, 'open').mockImplementation(async (path, fromByte) => {
      opened.push(path);
      most = Math.max(most, ++reading);
      await new Promise(setImmediate);
      reading -= 1;
      return open.call(LineReader, path, fromByte);
    });
    const store = new JobStore({ folder });
    const newest = ids.toReversed();
    expect((await store.list({ limit: 20 })).map(({ id }) => id)).toEqual(newest.slice(0, 20));
    expect(opened.length).toBeLessThan(30);
    expect((await store.list({ limit: 60 })).map(({ id }) => id)).toEqual(newest);
    expect(new Set(opened).size).toBe(60);
    expect(opened).toHaveLength(60);
    expect(most).toBeGreaterThan(4);
    expect(most).toBeLessThan(20);
  });

  it.each(['../../etc/passwd', '', 'UPPER', 'a/b'])(
    'is not looked for outside the folder: "%s"',
    async (id) => {
      await expect(new JobStore({ folder }).get(id)).rejects.toMatchObject({ code: 'not-found' });
    },
  );
});
