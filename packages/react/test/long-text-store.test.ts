import { describe, expect, it, vi } from 'vitest';
import { createLongTextStore } from '../src/stores/index.js';
import { createWire } from './wire.js';
import { cited, scriptedWriting } from './write-script.js';

function setUp({ isBroken = false, pauseMs = 0 } = {}) {
  const { implementation, state } = scriptedWriting({ pauseMs });
  state.isBroken = isBroken;
  const wire = createWire([implementation]);
  const store = createLongTextStore({ baseUrl: '', fetch: wire.fetch });
  return { store, state, wire };
}

const input = { paths: ['docs'], instruction: 'A briefing' };
const statuses = (store: ReturnType<typeof setUp>['store']) =>
  store.getSnapshot().stages.map(({ status }) => status);

describe('a staged writing', () => {
  it('adds up to stages, sections, citations and warnings', async () => {
    const { store } = setUp();
    expect(statuses(store)).toEqual(['waiting', 'waiting', 'waiting']);
    const output = await store.write(input);
    const { status, data, stages, citations, warnings, reading, canResume } = store.getSnapshot();
    expect([status, data, canResume]).toEqual(['success', output, false]);
    expect(reading).toEqual({ path: 'docs/a.md', done: 1, total: 1 });
    expect(citations).toEqual([{ number: 1, citation: cited }]);
    expect(warnings).toEqual([{ stage: undefined, section: undefined, message: 'The text is short.' }]);
    expect(stages.map(({ stage }) => stage)).toEqual(['summary', 'expand', 'polish']);
    const [summary, expand, polish] = stages;
    expect(String(summary?.draft)).toBe('1. Alpha [1]\n2. Beta');
    expect(summary).toMatchObject({
      status: 'finished',
      model: 'scripted',
      chunks: { level: 1, done: 2, total: 4 },
      report: { outcome: 'finished', usage: { calls: 1 } },
    });
    expect(expand?.sections).toMatchObject([
      {
        number: 1,
        title: 'Section 1',
        status: 'finished',
        text: 'expand 1 [1]',
        isRejected: false,
        words: 3,
      },
      { number: 2, title: 'Section 2', status: 'finished', text: 'expand 2 [1]' },
    ]);
    expect(String(expand?.sections[0]?.draft)).toBe('expand 1 [1]');
    expect(polish?.plannedSections).toBe(2);
    expect(polish?.sections[1]?.isRejected).toBe(true);
  });

  it('tells of a model that is fetched and loaded until documents are read', async () => {
    const { store } = setUp({ pauseMs: 20 });
    const models = new Set<unknown>();
    store.subscribe(() => models.add(store.getSnapshot().loading));
    await store.write(input);
    expect([...models]).toEqual([
      undefined,
      { file: 'writer.gguf', done: 40, total: 100 },
      { done: 0.5, total: 1 },
    ]);
    expect(store.getSnapshot().loading).toBeUndefined();
    const stopping = setUp({ pauseMs: 300 }).store;
    const stopped = stopping.write(input);
    await expect.poll(() => stopping.getSnapshot().loading).toBeDefined();
    void stopping.stop();
    await stopped;
    expect(stopping.getSnapshot()).toMatchObject({ status: 'cancelled', loading: undefined });
  });

  it('makes anew only what changed', async () => {
    const { store } = setUp({ pauseMs: 20 });
    const snapshots: ReturnType<typeof store.getSnapshot>[] = [];
    store.subscribe(() => snapshots.push(store.getSnapshot()));
    await store.write(input);
    const late = snapshots.filter(({ stages }) => stages[2]?.status === 'running');
    expect(late.length).toBeGreaterThan(1);
    expect(new Set(late.map(({ stages }) => stages[0])).size).toBe(1);
    expect(new Set(late.map(({ stages }) => stages[1]?.sections)).size).toBe(1);
    expect(new Set(late.map(({ citations }) => citations)).size).toBe(1);
    expect(store.getSnapshot()).toBe(store.getSnapshot());
  });

  it('stops, and what was at work says so', async () => {
    const { store, wire } = setUp({ pauseMs: 100 });
    const writing = store.write(input);
    await vi.waitFor(() => expect(statuses(store)[1]).toBe('running'), 5000);
    await store.stop();
    expect(await writing).toBeUndefined();
    expect(store.getSnapshot()).toMatchObject({ status: 'cancelled', canResume: false });
    expect(statuses(store)).toEqual(['finished', 'stopped', 'waiting']);
    await vi.waitFor(() => expect(wire.aborted).toHaveLength(1));
  });

  it('that failed goes on from its checkpoint, and a stage of it is written anew', async () => {
    const { store, state } = setUp({ isBroken: true });
    await store.write({ ...input, checkpoint: 'briefing.json' });
    expect(store.getSnapshot()).toMatchObject({
      status: 'error',
      error: { code: 'unavailable' },
      canResume: true,
    });
    expect(store.getSnapshot().stages[1]?.sections.map(({ status }) => status)).toEqual([
      'finished',
      'stopped',
    ]);
    state.isBroken = false;
    expect((await store.resume())?.words).toBe(9);
    expect(store.getSnapshot().status).toBe('success');
    await store.retryStage('polish');
    await store.resume();
    expect(state.redone).toEqual([undefined, undefined, 'polish', undefined]);
  });

  it('whose stage was to be written anew and was not yet does that when it goes on', async () => {
    const { store, state, wire } = setUp();
    await store.write({ ...input, checkpoint: 'briefing.json' });
    wire.isUp = false;
    await store.retryStage('expand');
    expect(store.getSnapshot()).toMatchObject({ status: 'error', canResume: true });
    wire.isUp = true;
    state.isBroken = true;
    // Writes the first section of the stage anew, and fails in the second.
    await store.resume();
    expect(store.getSnapshot()).toMatchObject({ status: 'error', canResume: true });
    state.isBroken = false;
    await store.resume();
    expect(state.redone).toEqual([undefined, 'expand', undefined]);
  });

  it('without an input yet has nothing to resume', async () => {
    const { store, wire } = setUp();
    expect(await store.resume()).toBeUndefined();
    expect(await store.retryStage('expand')).toBeUndefined();
    expect(wire.requests).toEqual([]);
  });

  it('is neither resumed nor retried once another job is followed, or after a reset', async () => {
    const { store, wire } = setUp({ isBroken: true });
    const fail = () => store.write({ ...input, checkpoint: 'briefing.json' });
    await fail();
    await store.follow('job-of-another');
    expect(store.getSnapshot()).toMatchObject({ status: 'error', canResume: false });
    const before = wire.requests.length;
    expect(await store.resume()).toBeUndefined();
    expect(await store.retryStage('polish')).toBeUndefined();
    expect(wire.requests).toHaveLength(before);
    await fail();
    store.reset();
    expect(await store.resume()).toBeUndefined();
    expect(await store.retryStage('polish')).toBeUndefined();
    expect(wire.requests).toHaveLength(before + 1);
  });

  it('begins anew after a reset', async () => {
    const { store } = setUp();
    await store.write(input);
    store.reset();
    expect(store.getSnapshot()).toEqual(store.getServerSnapshot());
  });
});
