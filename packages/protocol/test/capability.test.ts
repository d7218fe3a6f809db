import { describe, expect, it, vi } from 'vitest';
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

  /** Yields for ever and looks at no signal; says whether it cleaned up. */
  function watchedForEver() {
    const state = { runs: 0, isClean: false };
    const watched = implement(count, async function* () {
      state.runs += 1;
      try {
        for (let done = 1; ; done += 1) yield { done };
      } finally {
        state.isClean = true;
      }
    });
    return { watched, state };
  }
  const make = (signal: AbortSignal) => ({ signal });

  it('cleans up before a loop that leaves goes on', async () => {
    const { watched, state } = watchedForEver();
    for await (const { done } of call(watched, { text: 'x' }, make)) if (done === 3) break;
    expect(state.isClean).toBe(true);
  });

  it('ends with what onProgress throws', async () => {
    const onProgress = () => {
      throw new Error('no more');
    };
    const invoked = watchedForEver();
    await expect(invoke(invoked.watched, { text: 'x' }, context(), onProgress)).rejects.toThrow('no more');
    expect(invoked.state.isClean).toBe(true);
    const called = watchedForEver();
    await expect(call(called.watched, { text: 'x' }, make, { onProgress })).rejects.toThrow('no more');
    expect(called.state.isClean).toBe(true);
  });

  it.each([
    ['waits between', () => new Promise<void>((resolve) => setTimeout(resolve, 50))],
    ['never waits', async () => {}],
  ])('that goes on with its progress when it is cancelled, and %s, is left behind', async (_, pause) => {
    let isClean = false;
    const goingOn = implement(count, async function* () {
      try {
        for (let done = 1; ; done += 1) {
          yield { done };
          await pause();
        }
      } finally {
        isClean = true;
      }
    });
    const running = call(goingOn, { text: 'x' }, make, { onProgress: () => running.cancel() });
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    await vi.waitFor(() => expect(isClean).toBe(true));
  });

  it('that never answers is left behind while the thread is busy, whose timers come early by the clock', async () => {
    const silent = implement(count, async function* () {
      yield { done: 1 };
      return await new Promise<never>(() => {});
    });
    let isBusy = true;
    const spin = () => isBusy && setImmediate(spin);
    spin();
    const settled: PromiseLike<unknown>[] = [];
    for (let n = 0; n < 60; n += 1) {
      const running = call(silent, { text: 'x' }, make, { onProgress: () => running.cancel() });
      settled.push(running.then(String, (error: unknown) => error));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const leftBehind = settled.map(() => expect.objectContaining({ code: 'cancelled' }));
    expect(await Promise.all(settled)).toEqual(leftBehind);
    isBusy = false;
  });

  it('that is cancelled while it cleans up for ever is left behind', async () => {
    const stuck = implement(count, async function* () {
      try {
        yield { done: 1 };
      } finally {
        await new Promise(() => {});
      }
      return { words: 1 };
    });
    for await (const _ of call(stuck, { text: 'x' }, make)) break;
  });

  it('runs once, and tells its progress once', async () => {
    let runs = 0;
    const counting = implement(count, async function* (input, made) {
      runs += 1;
      return yield* counted.run(input, made);
    });
    const awaited = call(counting, { text: 'a b' }, make);
    const output = awaited.then((answer) => answer);
    const steps = async (of: AsyncIterable<{ done: number }>) => {
      for await (const _ of of);
    };
    await expect(steps(awaited)).rejects.toMatchObject({ code: 'invalid-argument' });
    expect([await output, await awaited]).toEqual([{ words: 2 }, { words: 2 }]);
    expect(runs).toBe(1);

    const iterated = call(counting, { text: 'a b' }, make);
    await Promise.all([steps(iterated), iterated]);
    await expect(steps(iterated)).rejects.toMatchObject({ code: 'invalid-argument' });
    expect(await iterated).toEqual({ words: 2 });
    expect(runs).toBe(2);
  });

  it('that is cancelled says so to its loop and to its promise', async () => {
    const running = call(counted, { text: 'a b c' }, make);
    const loop = async () => {
      for await (const _ of running) running.cancel();
    };
    await expect(loop()).rejects.toMatchObject({ code: 'cancelled' });
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
  });

  it.each([
    ['a transform', z.object({ text: z.string().transform((text) => text.split(',')) })],
    ['a preprocess', z.object({ texts: z.array(z.preprocess(String, z.string())) })],
    ['a pipe', z.record(z.string(), z.string().pipe(z.coerce.number()))],
    ['a codec', z.union([z.null(), z.stringbool()])],
    ['one further down', z.lazy(() => z.tuple([z.string()], z.string().optional().transform(String)))],
  ])('is refused with %s: its values are parsed on each side they travel to', (_, schema) => {
    for (const part of ['input', 'progress', 'output'])
      expect(() => defineCapability({ ...count, [part]: schema })).toThrow(
        `The ${part} of "count-words" has a transform, pipe or codec.`,
      );
  });

  it('may check its values, fill in defaults and hold itself', () => {
    const tree = z.object({
      name: z.string().trim().min(1).default('root'),
      size: z.coerce.number().optional().catch(0),
      get children(): z.ZodType {
        return z.array(tree).readonly();
      },
    });
    const input = z.intersection(tree, z.object({ x: z.json() })).refine(() => true);
    expect(defineCapability({ ...count, input }).input).toBe(input);
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

  it.each([
    ['a process that failed', Object.assign(new Error('Command failed'), { code: 1 }), 'Command failed'],
    ['a fault in a program', Object.assign(new TypeError('x'), { code: 'ERR_INVALID_ARG_TYPE' }), 'x'],
    ['a DOMException', new DOMException('not cloned', 'DataCloneError'), 'not cloned'],
    ['a path that is no text', Object.assign(new Error('x'), { path: new URL('file:///a') }), 'x'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a text', 'out of ideas', 'out of ideas'],
    ['a message that is no text', { code: 5, message: 7 }, 'What was thrown is no error.'],
    ['an object without a prototype', Object.create(null), 'What was thrown is no error.'],
  ])('is made of anything that is thrown: %s', (_, thrown, message) => {
    expect(TriviumError.from(thrown).toJSON()).toEqual({ code: 'internal', message });
  });
});
