/** The store of a call, over the wire: what runs, what stops, and what a job survives. */
import { implement, TriviumError } from '@trivium/protocol';
import { describe, expect, it, vi } from 'vitest';
import { createCallStore, type JobStorage } from '../src/stores/index.js';
import { createWire } from './wire.js';
import { countedWords, countWords } from './words.js';

function setUp(settings: Parameters<typeof createCallStore<typeof countWords>>[2] = {}) {
  const wire = createWire([countedWords]);
  const store = createCallStore(countWords, { baseUrl: '', fetch: wire.fetch }, settings);
  const statuses: string[] = [];
  store.subscribe(() => {
    const { status } = store.getSnapshot();
    if (statuses.at(-1) !== status) statuses.push(status);
  });
  return { wire, store, statuses };
}

function memory(): JobStorage & { entries: Map<string, string> } {
  const entries = new Map<string, string>();
  return {
    entries,
    getItem: (key) => entries.get(key) ?? null,
    setItem: (key, value) => void entries.set(key, value),
    removeItem: (key) => void entries.delete(key),
  };
}

const slow = { text: 'a b c d e f g h i j', pauseMs: 5 };
/** Still runs when a test has looked at it. */
const slower = { ...slow, pauseMs: 30 };
const until = (condition: () => boolean) =>
  vi.waitFor(() => {
    if (!condition()) throw new Error('not yet');
  }, 5000);

describe('a call', () => {
  it('streams progress and text, and answers the output', async () => {
    const seen: unknown[] = [];
    const { store, statuses } = setUp({ onProgress: (progress) => seen.push(progress) });
    expect(store.getSnapshot()).toMatchObject({ status: 'idle', data: undefined, error: undefined });
    expect(await store.run({ text: 'one two' })).toEqual({ words: 2 });
    expect(store.getSnapshot()).toMatchObject({
      status: 'success',
      data: { words: 2 },
      progress: { type: 'word-counted', done: 2 },
      events: 4,
      jobId: undefined,
    });
    expect(String(store.getSnapshot().text)).toBe('one\ntwo\n');
    expect(seen).toHaveLength(4);
    expect(statuses).toEqual(['running', 'success']);
    expect(Object.isFrozen(store.getSnapshot())).toBe(true);
  });

  it('stops the work on the server', async () => {
    const { store, wire } = setUp();
    const running = store.run(slow);
    await until(() => store.getSnapshot().events > 2);
    await store.stop();
    expect(store.getSnapshot()).toMatchObject({ status: 'cancelled', error: undefined });
    expect(await running).toBeUndefined();
    await until(() => wire.aborted.length === 1);
    const { events } = store.getSnapshot();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(store.getSnapshot().events).toBe(events);
  });

  it('ends, its connection too, with what a listener throws', async () => {
    const { store, wire } = setUp({
      onProgress: () => {
        throw new Error('a fault of the page');
      },
    });
    expect(await store.run(slower)).toBeUndefined();
    expect(store.getSnapshot()).toMatchObject({ status: 'error', error: { message: 'a fault of the page' } });
    await until(() => wire.aborted.length === 1);
    expect(store.getSnapshot().events).toBe(1);
  });

  it('is one at a time: a new one stops the one before', async () => {
    const { store, wire } = setUp();
    const first = store.run(slower);
    await until(() => store.getSnapshot().events > 0);
    const second = store.run({ text: 'x' });
    expect(await first).toBeUndefined();
    expect(await second).toEqual({ words: 1 });
    expect(String(store.getSnapshot().text)).toBe('x\n');
    await until(() => wire.aborted.length === 1);
  });

  it('has the error of the server, with its code and field, and begins anew after it', async () => {
    const { store } = setUp();
    expect(await store.run({ text: 'a fail' })).toBeUndefined();
    const { status, error } = store.getSnapshot();
    expect(status).toBe('error');
    expect(TriviumError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ code: 'unsupported', field: 'text' });
    store.reset();
    expect(store.getSnapshot()).toMatchObject({ status: 'idle', error: undefined, events: 0 });
    expect(await store.run({ text: 'a' })).toEqual({ words: 1 });
  });

  it('names a wrong input before anything is sent', async () => {
    const { store, wire } = setUp();
    await store.run({ text: 3 } as never);
    expect(store.getSnapshot().error).toMatchObject({ code: 'invalid-argument', field: 'text' });
    expect(wire.requests).toEqual([]);
  });

  it('says where nobody answers, and that a connection broke', async () => {
    const { store, wire } = setUp();
    wire.isUp = false;
    await store.run({ text: 'a' });
    expect(store.getSnapshot().error).toMatchObject({ code: 'network' });
    wire.isUp = true;
    const running = store.run(slow);
    await until(() => store.getSnapshot().events > 0);
    wire.breakConnections();
    await running;
    expect(store.getSnapshot().error).toMatchObject({ code: 'network' });
  });

  it('refuses an output that the contract does not allow', async () => {
    const wrong = implement(countWords, async function* () {
      return { words: 1 };
    });
    const wire = createWire([wrong]);
    const fetch: typeof globalThis.fetch = async () =>
      new Response('data: {"type":"output","output":{"words":"many"}}\n\n');
    const store = createCallStore(countWords, { baseUrl: '', fetch });
    await store.run({ text: 'a' });
    expect(store.getSnapshot().error).toMatchObject({ code: 'internal' });
    expect(wire.requests).toEqual([]);
  });

  it('sends nothing when it is undone at once', async () => {
    const { store, wire } = setUp();
    const leave = store.attach();
    const undone = store.run({ text: 'a' });
    leave();
    store.attach();
    const output = await store.run({ text: 'b c' });
    expect(await undone).toBeUndefined();
    expect(output).toEqual({ words: 2 });
    expect(wire.requests).toHaveLength(1);
  });
});

describe('a job', () => {
  it('is started, followed and told like a call', async () => {
    const storage = memory();
    const { store, wire } = setUp({ job: { storage } });
    expect(await store.run({ text: 'one two' })).toEqual({ words: 2 });
    expect(store.getSnapshot()).toMatchObject({ status: 'success', jobId: 'job1', events: 4 });
    expect(wire.requests).toEqual([
      'POST /v1/capabilities/words/count-words',
      'GET /v1/jobs/job1/events?after=0',
    ]);
    expect([...storage.entries]).toEqual([['trivium:job:words/count-words', 'job1']]);
  });

  it('goes on without its page, and the next page finds it', async () => {
    const storage = memory();
    const wire = createWire([countedWords]);
    const endpoint = { baseUrl: '', fetch: wire.fetch };
    const before = createCallStore(countWords, endpoint, { job: { storage } });
    const leave = before.attach();
    void before.run(slow);
    await until(() => before.getSnapshot().events > 3);
    leave();
    const after = createCallStore(countWords, endpoint, { job: { storage } });
    expect(after.getSnapshot().status).toBe('idle');
    after.attach();
    await until(() => after.getSnapshot().status === 'success');
    expect(after.getSnapshot()).toMatchObject({ data: { words: 10 }, jobId: 'job1', events: 20 });
    expect(String(after.getSnapshot().text)).toBe('a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n');
    expect(wire.aborted).toEqual([]);
  });

  it('goes on where it was when the same page looks again', async () => {
    const { store, wire } = setUp({ job: { storage: memory() } });
    const leave = store.attach();
    void store.run(slow);
    // At the event itself, for on a busy machine the job has ended before the next look.
    const seen = await new Promise<number>((resolve) => {
      const stop = store.subscribe(() => {
        const { events } = store.getSnapshot();
        if (events <= 3) return;
        stop();
        leave();
        resolve(events);
      });
    });
    store.attach();
    await until(() => store.getSnapshot().status === 'success');
    const after = /^GET \/v1\/jobs\/job1\/events\?after=(\d+)$/.exec(wire.requests.at(-1) ?? '')?.[1];
    // What came since the last frame counts, too.
    expect(Number(after)).toBeGreaterThanOrEqual(seen);
    expect(store.getSnapshot()).toMatchObject({ data: { words: 10 }, events: 20 });
  });

  it('is followed again from the last event when the connection breaks', async () => {
    const { store, wire } = setUp({ job: { storage: memory() } });
    const connections: boolean[] = [];
    store.subscribe(() => {
      const { isConnected } = store.getSnapshot();
      if (connections.at(-1) !== isConnected) connections.push(isConnected);
    });
    const running = store.run({ text: 'a b c d e f g h', pauseMs: 50 });
    await until(() => store.getSnapshot().events > 2);
    wire.isUp = false;
    wire.breakConnections();
    await until(() => !store.getSnapshot().isConnected);
    wire.isUp = true;
    expect(await running).toEqual({ words: 8 });
    expect(store.getSnapshot().events).toBe(16);
    expect(connections).toEqual([true, false, true]);
  });

  it('is stopped on the server, also while it starts', async () => {
    const { store, wire } = setUp({ job: { storage: memory() } });
    const running = store.run(slow);
    await until(() => store.getSnapshot().events > 2);
    await store.stop();
    expect(await running).toBeUndefined();
    expect(store.getSnapshot().status).toBe('cancelled');
    expect(wire.jobs.get('job1')?.job.status).toBe('cancelled');

    const second = store.run(slow);
    await Promise.resolve();
    await Promise.resolve();
    await store.stop();
    await second;
    expect(store.getSnapshot().status).toBe('cancelled');
    expect(wire.jobs.get('job2')?.job.status).toBe('cancelled');
  });

  it('is stopped on the server after it was left, and tells how it ended', async () => {
    const { store, wire } = setUp({ job: { storage: memory() } });
    const leave = store.attach();
    void store.run(slower);
    await until(() => store.getSnapshot().events > 2);
    leave();
    await store.stop();
    expect(wire.jobs.get('job1')?.job.status).toBe('cancelled');
    expect(store.getSnapshot().status).toBe('cancelled');

    // Left while it still starts.
    const leaveAgain = store.attach();
    const second = store.run(slower);
    await Promise.resolve();
    await Promise.resolve();
    leaveAgain();
    await store.stop();
    await second;
    expect(wire.jobs.get('job2')?.job.status).toBe('cancelled');
    expect(store.getSnapshot().status).toBe('cancelled');
  });

  it('that ended after it was left is told as it ended, whoever stops it then', async () => {
    const { store, wire } = setUp({ job: { storage: memory() } });
    const leave = store.attach();
    void store.run(slower);
    await until(() => store.getSnapshot().events > 2);
    leave();
    await until(() => wire.jobs.get('job1')?.job.status === 'succeeded');
    await store.stop();
    expect(store.getSnapshot()).toMatchObject({ status: 'success', data: { words: 10 }, events: 20 });
    const asked = wire.requests.length;
    await store.stop();
    expect(wire.requests).toHaveLength(asked);
  });

  it('that was left is stopped by the next one', async () => {
    const { store, wire } = setUp({ job: { storage: memory() } });
    const leave = store.attach();
    void store.run(slower);
    await until(() => store.getSnapshot().events > 2);
    leave();
    expect(await store.run({ text: 'x' })).toEqual({ words: 1 });
    await until(() => wire.jobs.get('job1')?.job.status === 'cancelled');
    expect(store.getSnapshot()).toMatchObject({ status: 'success', jobId: 'job2', data: { words: 1 } });
  });

  it('that does not hear a stop goes on, is followed, tells why, and may be stopped again', async () => {
    const { store, wire } = setUp({ job: { storage: memory() } });
    const running = store.run(slower);
    await until(() => store.getSnapshot().events > 2);
    wire.isUp = false;
    await store.stop();
    wire.isUp = true;
    const { status, stopError, events } = store.getSnapshot();
    expect([status, stopError?.code]).toEqual(['running', 'network']);
    await until(() => store.getSnapshot().events > events);
    await store.stop();
    expect(await running).toBeUndefined();
    expect(store.getSnapshot()).toMatchObject({ status: 'cancelled', stopError: undefined });
    expect(wire.jobs.get('job1')?.job.status).toBe('cancelled');
  });

  it('that does not hear a stop while it starts is known all the same', async () => {
    const wire = createWire([countedWords]);
    let isDeaf = true;
    const fetch: typeof globalThis.fetch = (url, init) =>
      isDeaf && String(url).endsWith('/cancel') ? Promise.reject(new TypeError()) : wire.fetch(url, init);
    const store = createCallStore(countWords, { baseUrl: '', fetch }, { job: { storage: memory() } });
    void store.run(slower);
    await Promise.resolve();
    await Promise.resolve();
    await store.stop();
    await until(() => store.getSnapshot().stopError !== undefined);
    isDeaf = false;
    await store.stop();
    await until(() => store.getSnapshot().status === 'cancelled');
    expect(wire.jobs.get('job1')?.job.status).toBe('cancelled');
  });

  it('that was left and does not hear a stop may be stopped again', async () => {
    const { store, wire } = setUp({ job: { storage: memory() } });
    const leave = store.attach();
    void store.run(slower);
    await until(() => store.getSnapshot().events > 2);
    leave();
    wire.isUp = false;
    await store.stop();
    expect(store.getSnapshot()).toMatchObject({ status: 'running', stopError: { code: 'network' } });
    wire.isUp = true;
    await store.stop();
    expect(store.getSnapshot().status).toBe('cancelled');
  });

  it('whose connection was given up is stopped all the same', async () => {
    const wire = createWire([countedWords]);
    let isLocked = false;
    const fetch: typeof globalThis.fetch = async (url, init) =>
      isLocked ? new Response('{"error":{"code":"unauthorized"}}', { status: 401 }) : wire.fetch(url, init);
    const store = createCallStore(countWords, { baseUrl: '', fetch }, { job: { storage: memory() } });
    const running = store.run({ ...slower, pauseMs: 300 });
    await until(() => store.getSnapshot().events > 0);
    isLocked = true;
    wire.breakConnections();
    await running;
    expect(store.getSnapshot()).toMatchObject({ status: 'error', isConnected: false });
    isLocked = false;
    await store.stop();
    expect(store.getSnapshot()).toMatchObject({ status: 'cancelled', isConnected: true });
    expect(wire.jobs.get('job1')?.job.status).toBe('cancelled');
  });

  it('that a listener threw out of goes on, and is stopped all the same', async () => {
    const { store, wire } = setUp({
      job: { storage: memory() },
      onProgress: () => {
        throw new Error('a fault of the page');
      },
    });
    await store.run({ ...slower, pauseMs: 100 });
    expect(store.getSnapshot()).toMatchObject({ status: 'error', isConnected: false });
    expect(wire.jobs.get('job1')?.job.status).toBe('running');
    await store.stop();
    expect(wire.jobs.get('job1')?.job.status).toBe('cancelled');
  });

  it('that nobody knows any more says so when it is stopped', async () => {
    const { store } = setUp({ job: { storage: memory() } });
    const leave = store.attach();
    void store.follow('gone');
    leave();
    await store.stop();
    expect(store.getSnapshot()).toMatchObject({ status: 'error', error: { code: 'not-found' } });
  });

  it('is left to itself by reset and forgotten', async () => {
    const storage = memory();
    const { store, wire } = setUp({ job: { storage } });
    void store.run(slow);
    await until(() => store.getSnapshot().events > 2);
    store.reset();
    expect(store.getSnapshot()).toMatchObject({ status: 'idle', events: 0, jobId: undefined });
    expect(storage.entries.size).toBe(0);
    await until(() => wire.jobs.get('job1')?.job.status === 'succeeded');
    expect(store.getSnapshot().status).toBe('idle');
  });

  it('that nobody knows any more is no error of a new page', async () => {
    const storage = memory();
    storage.setItem('mine', 'gone');
    const { store } = setUp({ job: { storage, key: 'mine' } });
    store.attach();
    await until(() => storage.entries.size === 0);
    expect(store.getSnapshot()).toMatchObject({ status: 'idle', error: undefined });
  });

  it('that nobody knows any more is none either of a page that leaves at once and comes back', async () => {
    const storage = memory();
    storage.setItem('mine', 'gone');
    const { store, statuses } = setUp({ job: { storage, key: 'mine' } });
    const leave = store.attach();
    leave();
    store.attach();
    await until(() => storage.entries.size === 0);
    expect(store.getSnapshot()).toMatchObject({ status: 'idle', error: undefined, jobId: undefined });
    expect(statuses).toEqual(['running', 'idle']);
  });

  it('that is known and did not find something has that as its error, on a new page too', async () => {
    const storage = memory();
    const searching = implement(countWords, async function* () {
      throw new TriviumError('not-found', 'There is no such text.');
    });
    const endpoint = { baseUrl: '', fetch: createWire([searching]).fetch };
    const before = createCallStore(countWords, endpoint, { job: { storage } });
    await before.run({ text: 'a' });
    const after = createCallStore(countWords, endpoint, { job: { storage } });
    after.attach();
    await until(() => after.getSnapshot().status === 'error');
    expect(after.getSnapshot()).toMatchObject({
      error: { message: 'There is no such text.' },
      jobId: 'job1',
    });
    expect([...storage.entries.values()]).toEqual(['job1']);
  });

  it('that fails has its error; a storage that refuses keeps nothing and breaks nothing', async () => {
    const refuse = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
    const { store } = setUp({ job: { storage: { getItem: refuse, setItem: refuse, removeItem: refuse } } });
    store.attach();
    await store.run({ text: 'a fail' });
    expect(store.getSnapshot()).toMatchObject({
      status: 'error',
      error: { code: 'unsupported', field: 'text' },
    });
    store.reset();
    expect(store.getSnapshot().status).toBe('idle');
  });

  it('of elsewhere is followed by its id', async () => {
    const wire = createWire([countedWords]);
    const endpoint = { baseUrl: '', fetch: wire.fetch };
    const elsewhere = createCallStore(countWords, endpoint, { job: { storage: memory() } });
    void elsewhere.run(slow);
    await until(() => elsewhere.getSnapshot().jobId !== undefined);
    const here = createCallStore(countWords, endpoint);
    const following = here.follow('job1');
    expect(here.getSnapshot()).toMatchObject({ status: 'running', jobId: 'job1' });
    expect(await following).toEqual({ words: 10 });
    expect(here.getSnapshot()).toMatchObject({ status: 'success', events: 20, jobId: 'job1' });
  });
});
