/** What plugins in threads of their own know of jobs: what the caller of each call knows, and nothing more. */
import { fileURLToPath } from 'node:url';
import { type AnyImplementation, invoke, type Job, type Plugin } from '@trivium/protocol';
import { type LoadedPlugins, loadPlugins } from '@trivium/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Host } from '../../src/host/index.js';
import { type TestServer, temporaryFolder, testServer } from '../server/fixtures.js';

const teller = fileURLToPath(new URL('./fixtures/job-teller.mjs', import.meta.url));

type Ask = (name: string, input?: object, headers?: object) => Promise<unknown>;
const askerAt =
  ({ post }: TestServer, key: string): Ask =>
  async (name, input = {}, headers = {}) => {
    const path = `/v1/capabilities/job-teller/${name}`;
    const answer = await post(path, input, { headers: { authorization: `Bearer ${key}`, ...headers } });
    return answer.json();
  };
const start = async (ask: Ask, name: string, input = {}) =>
  ((await ask(name, input, { prefer: 'respond-async' })) as Job).id;
const ended = async (host: Host, id: string) => {
  for await (const _ of host.jobs.watch(id));
  return id;
};
const unknown = { error: { type: expect.anything(), code: 'not-found' } };

describe.each([true, false])('a plugin that tells of jobs, isolated: %s', (isolate) => {
  let host: Host;
  let loaded: LoadedPlugins;
  let server: TestServer;
  let alice: Ask;
  let bob: Ask;
  beforeAll(async () => {
    const settings = { cacheDir: await temporaryFolder(), hub: { offline: true } };
    host = new Host(settings);
    loaded = await loadPlugins([teller], { isolate, host: settings });
    server = await testServer({ host, plugins: loaded.plugins, apiKeys: ['alice-key', 'bob-key'] });
    [alice, bob] = [askerAt(server, 'alice-key'), askerAt(server, 'bob-key')];
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await host[Symbol.asyncDispose]();
    await loaded[Symbol.asyncDispose]();
  });

  it('lists, shows and follows those of its caller, and no others', async () => {
    const id = await ended(host, await start(alice, 'greet', { name: 'Alice' }));
    expect(await alice('list')).toMatchObject([{ id, status: 'succeeded' }]);
    expect(await alice('show', { id })).toMatchObject({ id, output: 'Good day, Alice.' });
    expect(await alice('watch', { id })).toMatchObject({ id, output: 'Good day, Alice.' });
    expect(await alice('watch-once', { id })).toBe('a word');
    expect(await bob('list')).toEqual([]);
    for (const name of ['show', 'watch', 'watch-once', 'cancel'])
      expect(await bob(name, { id })).toMatchObject(unknown);
  });

  it('stops those of its caller, and no others', async () => {
    const id = await start(alice, 'wait');
    expect(await bob('cancel', { id })).toMatchObject(unknown);
    expect(await alice('cancel', { id })).toMatchObject({ id, status: 'cancelled' });
  });

  it('starts jobs that its caller alone knows', async () => {
    const { id } = (await alice('start', { name: 'Alice' })) as Job;
    await ended(host, id);
    expect(await alice('show', { id })).toMatchObject({ status: 'succeeded', output: 'Good day, Alice.' });
    expect(await bob('show', { id })).toMatchObject(unknown);
  });

  it('waits in its jobs for jobs that it starts, in as many as may run', async () => {
    const ids = await Promise.all([0, 1].map(() => start(alice, 'start-and-wait')));
    for (const id of ids) {
      await ended(host, id);
      expect(await alice('show', { id })).toMatchObject({ status: 'succeeded', output: 'Good day, you.' });
    }
  });

  it('is told what is wrong with what it asks for, and its other calls go on', async () => {
    const waiting = await start(alice, 'wait');
    expect(await alice('start', { name: 7 })).toMatchObject({ error: { code: 'invalid-argument' } });
    expect(await alice('show', { id: 'none' })).toMatchObject(unknown);
    expect(await host.jobs.get(waiting)).toMatchObject({ status: 'running' });
    await host.jobs.cancel(waiting);
  });
});

describe('an isolated plugin', () => {
  const run = async (name: string, context: (host: Host) => object = (host) => ({ jobs: host.jobs })) => {
    const settings = { cacheDir: await temporaryFolder(), hub: { offline: true } };
    await using host = new Host(settings);
    await using loaded = await loadPlugins([teller], { host: settings });
    const { signal } = new AbortController();
    const call = (called: string) => {
      const found = implementationOf(loaded.plugins, called);
      return invoke(found, { id: 7 } as never, { signal, host, ...context(host) } as never);
    };
    if (name === 'list-kept') await call('keep');
    return await call(name).catch((error: unknown) => error);
  };
  const implementationOf = (plugins: readonly Plugin[], name: string) =>
    plugins[0]!.capabilities.find(({ capability }) => capability.name === name) as AnyImplementation;

  it('starts jobs of its own capabilities alone', async () => {
    expect(await run('start-another')).toMatchObject({ code: 'unsupported' });
  });

  it('is told what is no id of a job', async () => {
    expect(await run('show')).toMatchObject({ code: 'invalid-argument' });
  });

  it('knows no jobs where its call brings none', async () => {
    expect(await run('list', () => ({}))).toMatchObject({ code: 'unsupported' });
  });

  it('knows no jobs by a call that has ended', async () => {
    expect(await run('list-kept')).toMatchObject({ code: 'disposed' });
  });
});
