import { startJob } from '@trivium/protocol';
import { describe, expect, it, vi } from 'vitest';
import { createEndpointHandle } from '../src/stores/endpoint-handle.js';
import { createJobStore, createJobsStore } from '../src/stores/index.js';
import { createWire } from './wire.js';
import { countedWords, countWords } from './words.js';

function setUp() {
  const wire = createWire([countedWords]);
  const endpoint = { baseUrl: '', fetch: wire.fetch };
  const start = (text: string, pauseMs = 0) => startJob(countWords, { text, pauseMs }, endpoint);
  return { wire, endpoint, start };
}

describe('the jobs of a server', () => {
  it('are listed again and again while somebody looks, and keep their identity', async () => {
    const { wire, endpoint, start } = setUp();
    await start('a b');
    const store = createJobsStore(endpoint, { pollMs: 10 });
    expect(store.getSnapshot()).toMatchObject({ status: 'loading', jobs: [] });
    let told = 0;
    store.subscribe(() => {
      told += 1;
    });
    const leave = store.attach();
    await vi.waitFor(() => expect(store.getSnapshot().jobs[0]?.status).toBe('succeeded'));
    const { jobs } = store.getSnapshot();
    const before = { told, requests: wire.requests.length };
    await vi.waitFor(() => expect(wire.requests.length).toBeGreaterThan(before.requests + 2));
    expect(store.getSnapshot().jobs).toBe(jobs);
    expect(told).toBe(before.told);
    await start('c');
    await vi.waitFor(() => expect(store.getSnapshot().jobs).toHaveLength(2));
    expect(store.getSnapshot().jobs[1]).toBe(jobs[0]);
    leave();
    const asked = wire.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(wire.requests).toHaveLength(asked);
  });

  it('are filtered, cancelled and refreshed', async () => {
    const { wire, endpoint, start } = setUp();
    const { id } = await start('a b c d e f', 1000);
    const store = createJobsStore(endpoint, { status: 'running', limit: 5, pollMs: 0 });
    await store.refresh();
    expect(wire.requests.at(-1)).toBe('GET /v1/jobs?status=running&limit=5');
    expect(store.getSnapshot().jobs).toMatchObject([{ id, status: 'running' }]);
    await store.cancel(id);
    expect(store.getSnapshot().jobs).toMatchObject([{ id, status: 'cancelled' }]);
    await store.refresh();
    expect(store.getSnapshot().jobs).toEqual([]);
  });

  it('that cannot be asked for are an error beside those known before', async () => {
    const { wire, endpoint, start } = setUp();
    await start('a');
    const store = createJobsStore(endpoint, { pollMs: 0 });
    await store.refresh();
    wire.isUp = false;
    await store.refresh();
    expect(store.getSnapshot()).toMatchObject({ status: 'error', error: { code: 'network' } });
    expect(store.getSnapshot().jobs).toHaveLength(1);
    wire.isUp = true;
    await store.refresh();
    expect(store.getSnapshot()).toMatchObject({ status: 'ready', error: undefined });
    await store.cancel('none');
    expect(store.getSnapshot()).toMatchObject({ status: 'error', error: { code: 'not-found' } });
  });
});

describe('one job', () => {
  it('is followed to its end', async () => {
    const { endpoint, start } = setUp();
    const { id } = await start('a b c d', 10);
    const store = createJobStore(endpoint, id);
    expect(store.getSnapshot().job).toBeUndefined();
    const events = new Set<number>();
    store.subscribe(() => events.add(store.getSnapshot().job?.events ?? 0));
    store.attach();
    await vi.waitFor(() => expect(store.getSnapshot().job?.status).toBe('succeeded'), 5000);
    expect(store.getSnapshot().job).toMatchObject({ output: { words: 4 }, events: 8 });
    expect(events.size).toBeGreaterThan(2);
  });

  it('is cancelled, left and looked at again', async () => {
    const { endpoint, start } = setUp();
    const { id } = await start('a b c d e f', 20);
    const store = createJobStore(endpoint, id);
    const leave = store.attach();
    await vi.waitFor(() => expect(store.getSnapshot().job?.events).toBeGreaterThan(0), 5000);
    leave();
    store.attach();
    await store.cancel();
    await vi.waitFor(() => expect(store.getSnapshot().job?.status).toBe('cancelled'));
    expect(store.getSnapshot().error).toBeUndefined();
  });

  it('that could not be cancelled says so until it is told of again', async () => {
    const { wire, endpoint, start } = setUp();
    const { id } = await start('a b c d', 30);
    const store = createJobStore(endpoint, id);
    store.attach();
    await vi.waitFor(() => expect(store.getSnapshot().job?.events).toBeGreaterThan(0), 5000);
    wire.isUp = false;
    await store.cancel();
    expect(store.getSnapshot()).toMatchObject({ error: { code: 'network' }, isConnected: true });
    wire.isUp = true;
    await vi.waitFor(() => expect(store.getSnapshot().job?.status).toBe('succeeded'), 5000);
    expect(store.getSnapshot().error).toBeUndefined();
  });

  it('stays with the server on which it is followed, whatever its endpoint becomes', async () => {
    const { wire, endpoint, start } = setUp();
    const { id } = await start('a b c d', 1000);
    const hosts = new Set<string>();
    const fetch: typeof globalThis.fetch = (url, init) => {
      hosts.add(new URL(String(url)).host);
      return wire.fetch(url, init);
    };
    const handle = createEndpointHandle({ ...endpoint, fetch, baseUrl: 'http://one' });
    const store = createJobStore(handle, id);
    store.attach();
    await vi.waitFor(() => expect(store.getSnapshot().job?.status).toBe('running'));
    handle.become({ ...endpoint, fetch, baseUrl: 'http://two' });
    await store.cancel();
    await vi.waitFor(() => expect(store.getSnapshot().job?.status).toBe('cancelled'));
    expect([...hosts]).toEqual(['one']);
  });

  it.each([1, 2])('is followed on though request %i for it is lost', async (lost) => {
    const { wire, endpoint, start } = setUp();
    const { id } = await start('a b');
    let asked = 0;
    const fetch: typeof globalThis.fetch = async (url, init) => {
      if (String(url).endsWith(`/v1/jobs/${id}`)) {
        asked += 1;
        if (asked === lost) throw new TypeError('fetch failed');
      }
      return wire.fetch(url, init);
    };
    const store = createJobStore({ ...endpoint, fetch }, id);
    store.attach();
    await vi.waitFor(() => expect(store.getSnapshot().job?.output).toBeDefined(), 5000);
    await vi.waitFor(() => expect(asked).toBe(3), 5000);
    expect(store.getSnapshot()).toMatchObject({ error: undefined, isConnected: true });
  });

  it('tells its own failure apart from a job that is not there', async () => {
    const { endpoint, start } = setUp();
    const { id } = await start('fail');
    const failed = createJobStore(endpoint, id);
    failed.attach();
    await vi.waitFor(() => expect(failed.getSnapshot().job?.status).toBe('failed'));
    expect(failed.getSnapshot()).toMatchObject({ error: undefined, job: { error: { code: 'unsupported' } } });
    const missing = createJobStore(endpoint, 'none');
    missing.attach();
    await vi.waitFor(() => expect(missing.getSnapshot().error).toMatchObject({ code: 'not-found' }));
  });
});
