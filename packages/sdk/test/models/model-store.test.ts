/** Models in memory: one budget, admission by figures, who goes and who stays. The engine is a fake with exact sizes. */
import { getEventListeners } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  type GenerateEvent,
  getEngine,
  type InspectedModel,
  type LoadModelOptions,
  type NativeModel,
} from '@trivium/native';
import { TriviumError } from '@trivium/protocol';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ModelStore, type ModelStoreSettings } from '../../src/models/model-store.js';
import { FakeHub } from './fake-hub.js';

let folder: string;
const file = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trivium-store-'));
  // The number in a name is the size of the weights.
  for (const name of ['a-100', 'b-100', 'c-200', 'd-900']) await writeFile(file(name), '');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

class FakeEngine {
  readonly log: string[] = [];
  readonly options: LoadModelOptions[] = [];
  failNext = false;
  packed: 'made' | 'mapped' = 'made';
  /** What models loaded so far fail with from now on. */
  failure: Error | undefined;
  /** Generations wait for this. */
  proceed = Promise.resolve();
  /** Loads wait for this and hear of no abort then, as one that has just been done does not. */
  loaded: Promise<void> | undefined;

  async inspect(path: string): Promise<InspectedModel> {
    const weightBytes = Number(path.split('-').at(-1));
    return {
      path,
      supported: true,
      weightBytes,
      kvBytesPerToken: 50 / 128,
      contextTokens: 128,
    } as InspectedModel;
  }

  async loadModel(path: string, options: LoadModelOptions = {}): Promise<NativeModel> {
    const { signal, onProgress } = options;
    this.options.push(options);
    const name = path.split('/').at(-1)!;
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (this.loaded) await this.loaded;
    else signal?.throwIfAborted();
    if (this.failNext) {
      this.failNext = false;
      throw new Error('broken');
    }
    this.log.push(`load ${name}`);
    onProgress?.(1);
    const engine = this;
    let disposed = false;
    this.failure = undefined;
    const use = () => {
      if (engine.failure) throw engine.failure;
      if (disposed) throw new Error('used after its end');
    };
    return {
      info: { path, weightBytes: Number(path.split('-').at(-1)), packed: this.packed },
      tokenizer: {},
      async *generate(): AsyncGenerator<GenerateEvent> {
        use();
        yield { type: 'prefill-progress', done: 0, total: 1 };
        await engine.proceed;
        use();
        yield { type: 'finish', reason: 'stop', usage: {} } as GenerateEvent;
      },
      async logits() {
        use();
        return new Float32Array(1);
      },
      async dispose() {
        disposed = true;
        engine.log.push(`free ${name}`);
      },
    } as unknown as NativeModel;
  }
}

function make(settings: ModelStoreSettings = {}, availableBytes = 10_000) {
  const engine = new FakeEngine();
  const store = new ModelStore(settings, { engine: () => engine, availableBytes: () => availableBytes });
  return { engine, store };
}
const loaded = (store: ModelStore) => store.loaded().map(({ path }) => path.split('/').at(-1));

describe('admission', () => {
  it('refuses with the figures what the machine cannot hold, before it loads anything', async () => {
    const { engine, store } = make({}, 140);
    await expect(store.get(file('a-100'))).rejects.toMatchObject({
      code: 'out-of-memory',
      message: 'The model needs 150 bytes: 100 for weights, 50 for keys and values.',
      found: '140 bytes available on this machine',
      remedy: expect.stringContaining('contextTokens'),
    });
    expect(engine.log).toEqual([]);
    expect(await store.estimate(file('a-100'))).toEqual({
      weightBytes: 100,
      kvBytes: 50,
      totalBytes: 150,
      mostKvBytes: 50,
    });
  });

  it.each(['kvType', 'quantize'])('knows no types of %s but its own', async (field) => {
    const { engine, store } = make({ [field]: 'q3_0' });
    const refused = {
      code: 'invalid-argument',
      field,
      found: 'q3_0',
      expected: expect.stringMatching(/q8_0/),
    };
    await expect(store.get(file('a-100'))).rejects.toMatchObject(refused);
    await expect(store.estimate(file('a-100'))).rejects.toMatchObject(refused);
    expect(engine.log).toEqual([]);
  });

  it('counts the context and bound that were asked for', async () => {
    const { store } = make({ contextTokens: 20 });
    expect(await store.estimate(file('a-100'))).toMatchObject({ kvBytes: 25 }); // a page of 64 tokens
    expect(await make({ kvMemoryBytes: 7 }).store.estimate(file('a-100'))).toMatchObject({ kvBytes: 7 });
  });

  it.each<[ModelStoreSettings, number | undefined]>([
    [{ memoryBytes: 400 }, 50],
    [{ memoryBytes: 400, kvMemoryBytes: 7 }, 7],
    [{ memoryBytes: 400, kvMemoryBytes: 120 }, 120],
    [{ memoryBytes: 400, kvMemoryBytes: 1000, maxSequences: 2 }, 100],
    [{ memoryBytes: 400, kvMemoryBytes: 1000 }, 175],
    [{ memoryBytes: 150, kvMemoryBytes: 1000 }, 50],
    [{ kvMemoryBytes: 1000 }, 1000],
    [{}, undefined],
  ])('a budget is charged what keys and values are bounded to: %j', async (settings, kvMemoryBytes) => {
    const { engine, store } = make(settings);
    await store.get(file('a-100'));
    expect(engine.options.at(-1)?.kvMemoryBytes).toBe(kvMemoryBytes);
    if (settings.memoryBytes) expect(store.loaded()[0]?.bytes).toBe(100 + kvMemoryBytes!);
  });

  it('keys and values beyond a context send nobody out, and are no memory that the machine has promised', async () => {
    const both = make({ memoryBytes: 900, kvMemoryBytes: 400 }, 400).store;
    await Promise.all([both.get(file('a-100')), both.get(file('c-200'))]);
    expect(both.loaded().map(({ bytes }) => bytes)).toEqual([500, 325]);
    const { store } = make({ memoryBytes: 2000, kvMemoryBytes: 400 }, 790);
    await store.get(file('a-100'));
    // What its idle model never took is not freed with it.
    await expect(store.get(file('d-900'))).rejects.toMatchObject({
      found: '940 bytes available on this machine',
    });
  });

  it('keys and values beyond a context leave half of the budget for other models, and are named where one is refused', async () => {
    const { engine, store } = make({ memoryBytes: 800, kvMemoryBytes: 800 });
    engine.proceed = new Promise(() => {});
    const use = async (name: string) => {
      const events = (await store.get(file(name))).generate({ tokens: [1], maxTokens: 1 });
      await events.next();
    };
    await use('a-100');
    await use('b-100');
    expect(store.loaded().map(({ bytes }) => bytes)).toEqual([475, 237]);
    await expect(store.get(file('c-200'))).rejects.toMatchObject({
      code: 'out-of-memory',
      found: '88 bytes left of memoryBytes, beside 412 that models in use have by kvMemoryBytes',
    });
  });

  it.each(['llama-yarn.gguf', 'llama-odd-heads.gguf', 'llama-yarn'])(
    'what was counted is enough for %s',
    async (name) => {
      const path = fileURLToPath(new URL(`../../../native/tests/fixtures/parity/${name}`, import.meta.url));
      const { contextTokens } = await getEngine().inspect(path);
      for (const kvType of [undefined, 'f16', 'f32'] as const) {
        for (const [context, kvMemoryBytes] of [[], [64], [64, 2 ** 20], [undefined, 2 ** 30]] as const) {
          const settings = { memoryBytes: 2 ** 30, kvType, contextTokens: context, kvMemoryBytes };
          await using store = new ModelStore(JSON.parse(JSON.stringify(settings)));
          const model = await store.get(path);
          expect(model.info.contextTokens, JSON.stringify(settings)).toBe(context ?? contextTokens);
        }
      }
    },
  );

  it('two loads at once never count the same bytes', async () => {
    const { store } = make({}, 340);
    const both = await Promise.allSettled([store.get(file('a-100')), store.get(file('c-200'))]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  it('a model larger than the budget is refused, whatever could go', async () => {
    const { engine, store } = make({ memoryBytes: 400 });
    await store.get(file('a-100'));
    await expect(store.get(file('d-900'))).rejects.toMatchObject({
      code: 'out-of-memory',
      field: 'memoryBytes',
    });
    expect(engine.log.filter((line) => line === 'load d-900')).toEqual([]);
  });
});

describe('who goes', () => {
  it('the least recently used one, and it comes back when it is used', async () => {
    const { engine, store } = make({ memoryBytes: 400 });
    const a = await store.get(file('a-100'));
    await store.get(file('b-100'));
    await a.logits([1]);
    await store.get(file('c-200'));
    expect(engine.log).toEqual(['load a-100', 'load b-100', 'free b-100', 'load c-200']);
    expect(loaded(store)).toEqual(['a-100', 'c-200']);
    const b = await store.get(file('b-100'));
    expect(loaded(store)).toEqual(['c-200', 'b-100']);
    await a.logits([1]);
    expect(loaded(store)).not.toContain('c-200');
    await b.logits([1]);
  });

  it('nobody who is in use: the newcomer is refused until a generation has ended', async () => {
    const { engine, store } = make({ memoryBytes: 200 });
    let proceed = () => {};
    engine.proceed = new Promise((resolve) => {
      proceed = resolve;
    });
    const a = await store.get(file('a-100'));
    const events = a.generate({ tokens: [1], maxTokens: 1 });
    await events.next();
    await expect(store.get(file('b-100'))).rejects.toMatchObject({
      code: 'out-of-memory',
      remedy: expect.stringContaining('in use'),
    });
    proceed();
    expect((await events.next()).value).toMatchObject({ type: 'finish' });
    expect((await events.next()).done).toBe(true);
    await store.get(file('b-100'));
    expect(loaded(store)).toEqual(['b-100']);
  });

  it('a generation that is left early, or never begun, holds nothing', async () => {
    const { store } = make();
    const a = await store.get(file('a-100'));
    const events = a.generate({ tokens: [1], maxTokens: 1 });
    await events.next();
    expect(store.loaded()[0]).toMatchObject({ inUse: true });
    await events.return?.();
    await a.generate({ tokens: [1], maxTokens: 1 }).return?.();
    expect(store.loaded()[0]).toMatchObject({ inUse: false });
  });

  it('a generation that was aborted holds nothing, also where nobody reads on', async () => {
    const { store } = make();
    const a = await store.get(file('a-100'));
    const left = new AbortController();
    const events = a.generate({ tokens: [1], maxTokens: 1, signal: left.signal });
    await events.next();
    left.abort();
    expect(store.loaded()[0]).toMatchObject({ inUse: false });

    const { signal } = new AbortController();
    for await (const _ of a.generate({ tokens: [1], maxTokens: 1, signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('one that has been idle for long enough', async () => {
    const { engine, store } = make({ idleUnloadMs: 10 });
    const a = await store.get(file('a-100'));
    await expect.poll(() => engine.log).toEqual(['load a-100', 'free a-100']);
    await a.logits([1]);
    expect(engine.log.at(-1)).toBe('load a-100');
  });

  it.each([Number.POSITIVE_INFINITY, 30 * 86_400_000])(
    'none, where that is after %s ms',
    async (idleUnloadMs) => {
      const { engine, store } = make({ idleUnloadMs });
      await store.get(file('a-100'));
      await sleep(30);
      expect(engine.log).toEqual(['load a-100']);
    },
  );
});

describe('a model whose weights are mapped', () => {
  const lost = new TriviumError('io', 'x.pack was cut short or overwritten while it was in use.');

  it('is loaded anew once its file was touched, and the old one goes with its last use', async () => {
    const { engine, store } = make();
    engine.packed = 'mapped';
    const model = await store.get(file('a-100'));
    let proceed = () => {};
    engine.proceed = new Promise((resolve) => {
      proceed = resolve;
    });
    const events = model.generate({ tokens: [1] } as never)[Symbol.asyncIterator]();
    await events.next();
    engine.failure = lost;
    await expect(model.logits([1])).rejects.toBe(lost);
    expect(engine.log).toEqual(['load a-100']);
    expect(loaded(store)).toEqual([]);
    proceed();
    await expect(events.next()).rejects.toBe(lost);
    expect(engine.log).toEqual(['load a-100', 'free a-100']);
    await model.logits([1]);
    expect(engine.log).toEqual(['load a-100', 'free a-100', 'load a-100']);
    expect(loaded(store)).toEqual(['a-100']);
  });

  it('stays loaded whatever else fails, as one does that was packed', async () => {
    const { engine, store } = make();
    for (const [packed, failure] of [
      ['mapped', new Error('another')],
      ['mapped', new TriviumError('invalid-argument', 'another')],
      ['made', lost],
    ] as const) {
      engine.packed = packed;
      const model = await store.get(file('a-100'));
      engine.failure = failure;
      await expect(model.logits([1])).rejects.toBe(failure);
      expect(loaded(store)).toEqual(['a-100']);
      await model.dispose();
    }
  });

  it('frees no memory of the machine when it goes, for its pages were available before', async () => {
    const { store } = make({}, 190);
    await store.get(file('a-100'));
    await expect(store.get(file('c-200'))).resolves.toBeDefined();
    const mapping = make({}, 190);
    mapping.engine.packed = 'mapped';
    await mapping.store.get(file('a-100'));
    await expect(mapping.store.get(file('c-200'))).rejects.toMatchObject({ code: 'out-of-memory' });
  });
});

describe('callers', () => {
  it('share a load; one that gives up leaves it to the others, the last one stops it', async () => {
    const { engine, store } = make();
    const controller = new AbortController();
    const steps: unknown[] = [];
    const shared = [
      store.get(file('a-100'), 'language', { signal: controller.signal }),
      store.preload(file('a-100'), { onProgress: (step) => steps.push(step) }),
    ];
    controller.abort(new Error('enough'));
    const [first, second] = await Promise.allSettled(shared);
    expect([first!.status, second!.status]).toEqual(['rejected', 'fulfilled']);
    expect(engine.log).toEqual(['load a-100']);
    expect(steps).toEqual([{ type: 'load-progress', share: 1 }]);
    const alone = store.get(file('b-100'), 'language', { signal: AbortSignal.timeout(1) });
    await expect(alone).rejects.toThrow();
    await store.get(file('b-100'));
    expect(engine.log).toEqual(['load a-100', 'load b-100']);
  });

  it('who gave up before they came begin nothing', async () => {
    const { engine, store } = make();
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(store.preload(file('a-100'), { signal })).rejects.toThrow('enough');
    await expect(store.path(file('a-100'), 'language', { signal })).rejects.toThrow('enough');
    await store.get(file('b-100'));
    expect(engine.log).toEqual(['load b-100']);
  });

  it('of whom the last gives up while the engine is done leave nothing; what it took counts until then', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { engine, store } = make({ memoryBytes: 200, idleUnloadMs: 10 });
    let finish = () => {};
    engine.loaded = new Promise((resolve) => {
      finish = resolve;
    });
    const controller = new AbortController();
    const given = expect(store.preload(file('a-100'), { signal: controller.signal })).rejects.toThrow();
    await vi.advanceTimersByTimeAsync(5);
    engine.loaded = undefined;
    controller.abort();
    await given;
    await vi.advanceTimersByTimeAsync(10);
    const early = expect(store.preload(file('b-100'))).rejects.toMatchObject({ code: 'out-of-memory' });
    await vi.advanceTimersByTimeAsync(5);
    await early;
    finish();
    await vi.advanceTimersByTimeAsync(10);
    expect(engine.log).toEqual(['load a-100', 'free a-100']);
    const next = store.preload(file('b-100'));
    await vi.advanceTimersByTimeAsync(5);
    await next;
    expect(loaded(store)).toEqual(['b-100']);
  });

  it('a failed load is forgotten; a disposed store ends what it gave', async () => {
    const { engine, store } = make();
    engine.failNext = true;
    await expect(store.get(file('a-100'))).rejects.toThrow('broken');
    const a = await store.get(file('a-100'));
    await store[Symbol.asyncDispose]();
    expect(engine.log).toEqual(['load a-100', 'free a-100']);
    await expect(a.logits([1])).rejects.toMatchObject({ code: 'disposed' });
    await a
      .generate({ tokens: [1], maxTokens: 1 })
      .next()
      .then(
        () => expect.unreachable(),
        (error) => expect(error).toMatchObject({ code: 'disposed' }),
      );
    expect(loaded(store)).toEqual([]);
  });
});

describe('references to the hub', () => {
  const fixture = fileURLToPath(
    new URL('../../../native/tests/fixtures/parity/llama-grouped-tied.gguf', import.meta.url),
  );

  it('are fetched on first use by the real engine, and outlive unloading', async () => {
    const hub = await new FakeHub().start();
    const { readFile } = await import('node:fs/promises');
    hub.commit('org/tiny', { 'tiny-F32.gguf': await readFile(fixture) });
    const settings = {
      endpoint: hub.endpoint,
      cacheDir: folder,
      huggingFaceCacheDir: file('hf'),
      offline: false,
    };
    const store = new ModelStore({ hub: settings, idleUnloadMs: 1 });
    try {
      const steps = new Set<string>();
      await store.preload('hf:org/tiny:F32', { onProgress: ({ type }) => steps.add(type) });
      expect([...steps]).toEqual(['download-progress', 'load-progress']);
      const model = await store.get('hf:org/tiny:F32', 'language');
      const before = await model.logits([1, 2, 3]);
      await expect.poll(() => store.loaded()).toEqual([]);
      // The tokenizer outlives the weights, and the weights come back as they were.
      expect(model.tokenizer.decode(await model.tokenizer.encode('hello'))).toContain('hello');
      expect(await model.logits([1, 2, 3])).toEqual(before);
      const asked = hub.requests.length;
      const signal = AbortSignal.abort(new Error('enough'));
      await expect(store.preload('hf:org/unseen', { signal })).rejects.toThrow('enough');
      await expect(store.get('hf:org/none')).rejects.toMatchObject({ code: 'not-found' });
      const urls = hub.requests.slice(asked).map(({ url }) => url);
      expect(urls).not.toEqual([]);
      expect(urls.filter((url) => url.includes('org/unseen'))).toEqual([]);
      await expect(store.get('hf:nonsense')).rejects.toMatchObject({ code: 'invalid-argument' });
    } finally {
      await store[Symbol.asyncDispose]();
      await hub.stop();
    }
  });
});
