import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { call, defineCapability, definePlugin, implement, invoke, TriviumError } from '../src/index.js';

const count = defineCapability({
  plugin: 'words',
  name: 'count-words',
  title: 'Count words',
  description: 'Counts words.',
  input: z.object({ text: z.string(), pauseMs: z.number().default(0) }),
  progress: z.object({ done: z.number() }),
  output: z.object({ words: z.number() }),
  effects: { writes: false, destructive: false, network: false },
});

const counted = implement(count, async function* ({ text, pauseMs }, { signal }) {
  let words = 0;
  for (const _ of text.split(/\s+/)) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    words += 1;
    yield { done: words };
  }
  return { words };
});

const context = (signal = new AbortController().signal) => ({ signal });

describe('a capability', () => {
  it('answers its output and reports progress in order', async () => {
    const seen: number[] = [];
    expect(await invoke(counted, { text: 'a b c' }, context(), ({ done }) => seen.push(done))).toEqual({
      words: 3,
    });
    expect(seen).toEqual([1, 2, 3]);
  });

  it('names the field of a wrong input', async () => {
    const error = await invoke(counted, { text: 3 } as never, context()).catch((thrown) => thrown);
    expect(TriviumError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ code: 'invalid-argument', field: 'text' });
    const missing = await invoke(counted, {} as never, context()).catch((thrown) => thrown);
    expect(missing.message).toBe('count-words: text is missing.');
  });

  it('refuses an output its contract does not allow', async () => {
    const wrong = implement(count, async function* () {
      yield { done: 1 };
      return { words: 'three' } as never;
    });
    await expect(invoke(wrong, { text: 'x' }, context())).rejects.toMatchObject({ code: 'internal' });
  });

  it('is a call that can be awaited, iterated and cancelled', async () => {
    const make = (signal: AbortSignal) => ({ signal });
    expect(await call(counted, { text: 'a b' }, make)).toEqual({ words: 2 });

    const iterated = call(counted, { text: 'a b c' }, make);
    const steps = [];
    for await (const { done } of iterated) steps.push(done);
    expect(steps).toEqual([1, 2, 3]);
    expect(await iterated).toEqual({ words: 3 });

    const running = call(counted, { text: 'a b c d e f', pauseMs: 20 }, make);
    setTimeout(() => running.cancel(), 30);
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('stops when the consumer of its progress leaves', async () => {
    let reached = 0;
    const watched = implement(count, async function* (_, { signal }) {
      for (;;) {
        signal.throwIfAborted();
        reached += 1;
        yield { done: reached };
      }
    });
    const running = call(watched, { text: 'x' }, (signal) => ({ signal }));
    for await (const { done } of running) if (done === 3) break;
    expect(reached).toBe(3);
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('has a well-formed name, and a plugin no name twice', () => {
    expect(() => defineCapability({ ...count, name: 'CountWords' })).toThrow(TypeError);
    expect(() => definePlugin({ name: 'twice', capabilities: [counted, counted] })).toThrow('twice');
  });
});

describe('an error', () => {
  it('is recognised across copies and travels as data', () => {
    const error = new TriviumError('bad-format', 'Broken.', {
      file: 'a.gguf',
      field: 'magic',
      remedy: 'Download it again.',
    });
    expect(error.toJSON()).toEqual({
      code: 'bad-format',
      message: 'Broken.',
      file: 'a.gguf',
      field: 'magic',
      remedy: 'Download it again.',
    });
    expect(TriviumError.isInstance({ [Symbol.for('trivium.error')]: true })).toBe(true);
    expect(TriviumError.isInstance(new Error('x'))).toBe(false);
  });

  it('makes file errors readable', () => {
    const missing = Object.assign(new Error('x'), { code: 'ENOENT', path: 'gone.md' });
    expect(TriviumError.from(missing)).toMatchObject({ code: 'not-found', file: 'gone.md' });
    expect(TriviumError.from(Object.assign(new Error('x'), { code: 'ENOSPC' }))).toMatchObject({
      code: 'io',
    });
    expect(TriviumError.from(new DOMException('x', 'AbortError'))).toMatchObject({ code: 'cancelled' });
  });
});
