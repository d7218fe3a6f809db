/** Plugins that are found, refused and survived. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { call, invoke, type Plugin, TriviumError } from '@trivium/protocol';
import { loadPlugins, namedPlugins } from '@trivium/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

const fixtures = fileURLToPath(new URL('./fixtures/', import.meta.url));
const mischief = join(fixtures, 'mischief.mjs');

function capabilityOf(plugins: readonly Plugin[], name: string) {
  const found = plugins
    .flatMap(({ capabilities }) => capabilities)
    .find((one) => one.capability.name === name);
  if (!found) throw new Error(`no ${name}`);
  return found;
}

describe.each([true, false])('a plugin, isolated: %s', (isolate) => {
  const run = async (name: string, abort = false) => {
    await using loaded = await loadPlugins([mischief], { isolate });
    const controller = new AbortController();
    const seen: unknown[] = [];
    const output = invoke(capabilityOf(loaded.plugins, name), {} as never, controller, (step) => {
      seen.push(step);
      if (abort) controller.abort();
    });
    const settled = await output.catch((error: unknown) => error);
    // Whatever happened, the next call works.
    const again = await invoke(capabilityOf(loaded.plugins, 'behave'), {} as never, {
      signal: new AbortController().signal,
    });
    expect(again).toEqual({ words: 3 });
    return { settled, seen };
  };

  it('reports progress and answers', async () => {
    expect(await run('behave')).toEqual({ settled: { words: 3 }, seen: [{ done: 1 }] });
  });

  it.each([
    ['throw', 'out of ideas'],
    ['answer-nonsense', 'answer-nonsense answered what its contract does not allow'],
    ['report-nonsense', 'report-nonsense reported progress that its contract does not allow'],
  ])('that misbehaves in "%s" fails its call', async (name, fault) => {
    const { settled } = await run(name);
    expect(String((settled as Error).message)).toContain(fault);
  });

  it('that throws a code that is none of ours fails its call with that sentence', async () => {
    const { settled } = await run('throw-an-odd-code');
    expect(TriviumError.from(settled)).toMatchObject({ code: 'internal', message: 'It took too long.' });
  });

  it('that ignores the signal is left behind', async () => {
    const { settled, seen } = await run('ignore-the-signal', true);
    expect(seen).toEqual([{ done: 1 }]);
    expect(settled).toMatchObject({ code: 'cancelled' });
  });

  it('cleans up when a loop over its progress is left, and its other calls go on', async () => {
    await using loaded = await loadPlugins([mischief], { isolate });
    const start = (name: string) =>
      call(capabilityOf(loaded.plugins, name), {} as never, (signal) => ({ signal }));
    const { words: before } = (await start('count-cleaned')) as { words: number };
    const waiting = start('wait');
    for await (const _ of waiting) {
      for await (const { done } of start('yield-for-ever')) if (done === 2) break;
      expect(await start('count-cleaned')).toEqual({ words: before + 1 });
      await start('go-on');
    }
    expect(await waiting).toEqual({ words: 1 });
  });
});

describe('an isolated plugin', () => {
  afterEach(() => vi.useRealTimers());

  const run = async (name: string) => {
    await using loaded = await loadPlugins([mischief]);
    const controller = new AbortController();
    const output = invoke(capabilityOf(loaded.plugins, name), {} as never, controller, () =>
      controller.abort(),
    );
    const settled = await output.catch((error: unknown) => error);
    const signalAgain = new AbortController().signal;
    const behave = capabilityOf(loaded.plugins, 'behave');
    expect(await invoke(behave, {} as never, { signal: signalAgain })).toEqual({ words: 3 });
    return settled;
  };

  it('may throw outside of any call', async () => {
    expect(await run('throw-later')).toMatchObject({ code: 'internal' });
  });

  it('may end its process', async () => {
    expect(await run('exit')).toMatchObject({ code: 'internal' });
  });

  it('may spin for ever', async () => {
    expect(await run('spin')).toMatchObject({ code: 'cancelled' });
  });

  it('that does not stop fails its own call alone, and takes no more in its thread', async () => {
    await using loaded = await loadPlugins([mischief]);
    const gate = new SharedArrayBuffer(4);
    const waiting = call(capabilityOf(loaded.plugins, 'wait-for'), { gate } as never, (signal) => ({
      signal,
    }));
    const steps = waiting[Symbol.asyncIterator]();
    await steps.next();
    const controller = new AbortController();
    const block = capabilityOf(loaded.plugins, 'block');
    const blocked = invoke(block, { gate } as never, controller, () => controller.abort());
    await expect(blocked).rejects.toMatchObject({ code: 'cancelled' });
    await sleep(1500); // until it is left behind
    const behave = capabilityOf(loaded.plugins, 'behave');
    expect(await invoke(behave, {} as never, { signal: new AbortController().signal })).toEqual({ words: 3 });
    Atomics.store(new Int32Array(gate), 0, 1);
    Atomics.notify(new Int32Array(gate), 0);
    await steps.next();
    expect(await waiting).toEqual({ words: 2 });
  });

  it.each([
    ['is not taken for stuck by a host that slept', 'behave', 1000, { words: 3 }],
    ['is stuck when it answers no ping', 'spin', 12_000, expect.stringContaining('is stuck')],
  ])('%s', async (_, name, watchedMs, expected) => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
    await using loaded = await loadPlugins([mischief]);
    const { signal } = new AbortController();
    const settled = await invoke(capabilityOf(loaded.plugins, name), {} as never, { signal }, () => {
      vi.setSystemTime(Date.now() + 60_000);
      vi.advanceTimersByTime(watchedMs);
    }).catch((error: Error) => error.message);
    expect(settled).toEqual(expected);
  });

  it('refuses what cannot travel to it, and keeps no process for it', async () => {
    const script = fileURLToPath(new URL('./unclonable.mjs', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [script, mischief], { timeout: 30_000 });
    expect(stdout).toContain('internal');
    expect(stdout).toContain('cannot travel between threads');
  });

  it('logs to standard error, and keeps no process for it', async () => {
    const script = fileURLToPath(new URL('./talkative.mjs', import.meta.url));
    const run = promisify(execFile);
    const { stdout, stderr } = await run(process.execPath, [script, mischief], { timeout: 30_000 });
    expect(stdout).toBe('{"words":2}\n');
    expect(stderr).toBe('logged\nwritten\n');
  });

  it.each([
    ['nothing', null],
    ['a word', 'hello'],
    ['a frame without its call', { type: 'output' }],
    ['an end without an error', { type: 'broken' }],
    ['an end with an error that is none', { type: 'broken', error: {} }],
  ])('that sends %s is ended, and nothing else', async (_, message) => {
    await using loaded = await loadPlugins([mischief]);
    const { signal } = new AbortController();
    const posting = invoke(capabilityOf(loaded.plugins, 'post'), { message } as never, { signal });
    await expect(posting).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining('sent what nobody asked it for'),
    });
    const behave = capabilityOf(loaded.plugins, 'behave');
    expect(await invoke(behave, {} as never, { signal })).toEqual({ words: 3 });
  });

  it('answers only what its contract knows', async () => {
    // Its own thread has parsed the output: what the schema does not know is gone.
    expect(await run('answer-a-function')).toEqual({ words: 1 });
  });
});

describe('plugins by name', () => {
  let app: string;
  beforeAll(async () => {
    app = await mkdtemp(join(tmpdir(), 'trivium-app-'));
    const packages = join(app, 'node_modules');
    await mkdir(join(packages, 'trivium-plugin-mischief'), { recursive: true });
    const main = JSON.stringify({
      name: 'trivium-plugin-mischief',
      type: 'module',
      exports: './mischief.mjs',
    });
    await writeFile(join(packages, 'trivium-plugin-mischief', 'package.json'), main);
    // Linked, so that it finds what it imports in the workspace.
    await symlink(mischief, join(packages, 'trivium-plugin-mischief', 'mischief.mjs'));
    await writeFile(join(app, 'package.json'), JSON.stringify({ trivium: { plugins: ['mischief'] } }));
    await mkdir(join(app, 'src'));
  });
  afterAll(() => rm(app, { recursive: true, force: true }));

  it('are named by the nearest package.json and found from there', async () => {
    const { names, fromFolder } = await namedPlugins(join(app, 'src'));
    expect({ names, fromFolder }).toEqual({ names: ['mischief'], fromFolder: app });
    await using loaded = await loadPlugins(names, { from: fromFolder });
    expect(loaded.plugins.map(({ name }) => name)).toEqual(['mischief']);
  });

  it('that are not installed say what to install', async () => {
    await expect(loadPlugins(['nowhere'], { from: app })).rejects.toMatchObject({
      code: 'not-found',
      found: 'nowhere',
      remedy: expect.stringContaining('npm install @trivium/plugin-nowhere'),
    });
  });

  it('are refused with the field when they are none', async () => {
    await expect(loadPlugins([join(fixtures, 'throws.mjs')])).rejects.toMatchObject({
      code: 'bad-format',
      message: expect.stringContaining('no plugin today'),
    });
    await expect(loadPlugins([join(fixtures, 'no-plugin.mjs')])).rejects.toMatchObject({
      code: 'bad-format',
      field: expect.stringContaining('capabilities.0.capability'),
    });
    await expect(loadPlugins([null as never])).rejects.toMatchObject({ code: 'bad-format' });
    await expect(loadPlugins([mischief, mischief])).rejects.toMatchObject({ code: 'invalid-argument' });
    await writeFile(join(app, 'src', 'package.json'), '{"trivium":{"plugins":"mischief"}}');
    await expect(namedPlugins(join(app, 'src'))).rejects.toMatchObject({ field: 'trivium.plugins' });
  });

  it.each([
    ['\ufeff{"trivium":{"plugins":["mischief"]}}', ['mischief']],
    ['{"name":"x"}', []],
    ['{"trivium":{}}', []],
    ['{"name":', []],
  ])('are named by a package.json that npm reads, with or without a mark: %s', async (text, expected) => {
    await writeFile(join(app, 'src', 'package.json'), text);
    expect((await namedPlugins(join(app, 'src'))).names).toEqual(expected);
  });
});
