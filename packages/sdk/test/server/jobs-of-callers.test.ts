/** Jobs behind keys: each is known to the key that started it alone, by every route that tells of jobs. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineCapability, definePlugin, implement, type Job, TriviumError } from '@trivium/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { documents, Host, jobs } from '../../src/host/index.js';
import { callerOf } from '../../src/server/index.js';
import { eventData, type TestServer, temporaryFolder, testServer } from './fixtures.js';

const tell = defineCapability({
  plugin: 'telling',
  name: 'tell',
  title: 'Tell',
  description: 'Tells what it is given, fails with it, or waits until it is cancelled.',
  input: z.object({
    said: z.string().default(''),
    end: z.enum(['answer', 'fault', 'failure', 'never']).default('answer'),
  }),
  progress: z.object({ at: z.string() }),
  output: z.object({ told: z.string() }),
  effects: { writes: false, destructive: false, network: false },
});
const remove = defineCapability({
  ...tell,
  name: 'remove',
  effects: { writes: true, destructive: true, network: false },
});
async function* run(
  { said, end }: z.output<typeof tell.input>,
  { signal }: { signal: AbortSignal },
): AsyncGenerator<{ at: string }, { told: string }, void> {
  yield { at: 'the beginning' };
  if (end === 'fault') throw new Error(`cannot parse what was asked: ${said}`);
  if (end === 'failure') throw new TriviumError('bad-format', `${said} is damaged.`, { file: said });
  if (end === 'never') await new Promise((resolve) => signal.addEventListener('abort', resolve));
  signal.throwIfAborted();
  return { told: said === 'scratch' ? `.trivium/${said}/0011223344556677/x.md` : said };
}
const telling = definePlugin({
  name: 'telling',
  capabilities: [implement(tell, run), implement(remove, run)],
});
const plugins = [documents, jobs, telling];
const [telled, removed] = telling.capabilities;

type Send = (method: 'GET' | 'POST', path: string, body?: object, headers?: object) => Promise<Response>;
const callerAt =
  ({ get }: TestServer, authorization: string): Send =>
  (method, path, body, headers) =>
    get(path, {
      method,
      headers: { authorization, 'content-type': 'application/json', ...headers },
      ...(method === 'POST' && { body: JSON.stringify(body ?? {}) }),
    });

/** What each door tells of a job, or of all: statuses, and ids where there is a list. */
async function toldOf(as: Send, id: string): Promise<unknown[]> {
  const by = (name: string) =>
    as('POST', `/v1/capabilities/jobs/jobs-${name}`, name === 'list' ? {} : { id });
  const idsOf = async (response: Response) =>
    ((await response.json()) as { jobs: Job[] }).jobs.some((job) => job.id === id);
  return [
    await idsOf(await as('GET', '/v1/jobs')),
    (await as('GET', `/v1/jobs/${id}`)).status === 200,
    (await as('GET', `/v1/jobs/${id}/events`)).status === 200,
    (await as('POST', `/v1/jobs/${id}/cancel`)).status === 200,
    await idsOf(await by('list')),
    (await by('show')).status === 200,
    (await by('watch')).status === 200,
    (await by('cancel')).status === 200,
  ];
}
const everywhere = Array(8).fill(true);
const nowhere = Array(8).fill(false);

const start = async (as: Send, input: object, path = '/v1/capabilities/telling/tell') => {
  const response = await as('POST', path, input, { prefer: 'respond-async' });
  expect(response.status).toBe(202);
  return ((await response.json()) as Job).id;
};
const ended = async (host: Host, id: string) => {
  for await (const _ of host.jobs.watch(id));
  return id;
};
const startedHere = (host: Host, input: object, implementation = telled!) =>
  host.jobs.start(implementation, input as never, (signal) => host.context(signal));

describe('a job, where keys are asked for,', () => {
  let cacheDir: string;
  let server: TestServer;
  let alice: Send;
  let bob: Send;
  beforeAll(async () => {
    cacheDir = await temporaryFolder();
    const host = new Host({ cacheDir, hub: { offline: true } });
    server = await testServer({ host, plugins, apiKeys: ['alice-key', 'bob-key'] });
    [alice, bob] = [callerAt(server, 'Bearer alice-key'), callerAt(server, 'Bearer bob-key')];
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await server.host[Symbol.asyncDispose]();
  });

  it('is known to the key that started it and to no other', async () => {
    const { path, id: folder } = (await (await alice('POST', '/v1/scratch')).json()) as Record<
      'path' | 'id',
      string
    >;
    await server.get(`/v1/scratch/${folder}/salary.md`, {
      method: 'PUT',
      body: 'The salary of Alice is 123456 euros.',
      headers: { authorization: 'Bearer alice-key', 'content-type': 'application/octet-stream' },
    });
    const question = { question: 'What is the salary of Alice?', paths: [path] };
    const id = await ended(server.host, await start(alice, question, '/v1/capabilities/documents/ask'));
    expect(await (await alice('GET', `/v1/jobs/${id}`)).text()).toContain('123456');
    expect(await toldOf(bob, id)).toEqual(nowhere);
    expect(await toldOf(alice, id)).toEqual(everywhere);
    expect(await toldOf(callerAt(server, 'bearer  alice-key'), id)).toEqual(everywhere);
  });

  it('is not stopped by another key, nor told of by a job of that key', async () => {
    const id = await start(alice, { end: 'never' });
    expect((await bob('POST', `/v1/jobs/${id}/cancel`)).status).toBe(404);
    const spy = await ended(server.host, await start(bob, { id }, '/v1/capabilities/jobs/jobs-show'));
    expect(await server.host.jobs.get(spy)).toMatchObject({ error: { code: 'not-found' } });
    expect(await server.host.jobs.get(id)).toMatchObject({ status: 'running' });
    const answer = await alice('POST', '/v1/capabilities/jobs/jobs-cancel', { id });
    expect(await answer.json()).toMatchObject({ status: 'cancelled' });
  });

  it('of another key cannot be told from one that is not there', async () => {
    const id = await start(alice, {});
    const errorOf = async (path: string) => (await (await bob('GET', path)).text()).replaceAll(id, 'none0');
    expect(await errorOf(`/v1/jobs/${id}`)).toBe(await errorOf('/v1/jobs/none0'));
  });

  it('keeps no key in its log', async () => {
    await ended(server.host, await start(alice, {}));
    const folder = join(cacheDir, 'jobs');
    for (const name of await readdir(folder))
      expect(await readFile(join(folder, name), 'utf8')).not.toContain('alice-key');
  });

  it('that no key started is known to all, unless it tells of a scratch folder', async () => {
    const own = `${server.root}/.trivium/scratch/0011223344556677/00112233445566778899aabbccddeeff`;
    const [list] = documents.capabilities.filter(({ capability }) => capability.name === 'documents-list');
    const plain = await startedHere(server.host, { said: 'tea' });
    const byInput = await startedHere(server.host, { paths: [own] }, list as never);
    const byOutput = await startedHere(server.host, { said: 'scratch' });
    for (const { id } of [plain, byInput, byOutput]) await ended(server.host, id);
    for (const as of [alice, bob]) {
      expect(await toldOf(as, plain.id)).toEqual(everywhere);
      expect(await toldOf(as, byInput.id)).toEqual(nowhere);
      expect(await toldOf(as, byOutput.id)).toEqual(nowhere);
    }
  });
});

describe('a job, where no keys are asked for,', () => {
  it('is known to every caller, whatever header they send', async () => {
    await using server = await testServer({ plugins });
    const id = await start(callerAt(server, 'Bearer old-token'), { said: 'scratch' });
    await ended(server.host, id);
    expect(await toldOf(callerAt(server, 'Bearer new-token'), id)).toEqual(everywhere);
  });
});

describe('capabilities that tell of jobs', () => {
  const show = (as: Send, id: string) => as('POST', '/v1/capabilities/jobs/jobs-show', { id });

  it('hide what /v1/jobs hides: where the root is, what was asked', async () => {
    await using server = await testServer({ plugins });
    const as = callerAt(server, '');
    const failed = await start(as, { said: join(server.root, 'tea.md'), end: 'failure' });
    const faulty = await start(as, { said: 'my secret', end: 'fault' });
    for (const id of [failed, faulty]) {
      await ended(server.host, id);
      const told = await (await as('GET', `/v1/jobs/${id}`)).json();
      const frames = await as(
        'POST',
        '/v1/capabilities/jobs/jobs-watch',
        { id },
        { accept: 'text/event-stream' },
      );
      expect(await (await show(as, id)).json()).toEqual(told);
      expect(JSON.parse((await eventData(frames)).at(-1)!)).toEqual({ type: 'output', output: told });
      expect(await (await as('POST', '/v1/capabilities/jobs/jobs-cancel', { id })).json()).toEqual(told);
    }
    const listed = await (await as('POST', '/v1/capabilities/jobs/jobs-list')).text();
    expect(JSON.parse(listed)).toEqual(await (await as('GET', '/v1/jobs')).json());
    expect(listed).not.toContain(server.root);
    expect(listed).not.toContain('secret');
    expect(JSON.parse(listed).jobs).toMatchObject([
      { error: { code: 'internal', message: 'The server failed.' } },
      { error: { code: 'bad-format', message: 'tea.md is damaged.', file: 'tea.md' } },
    ]);
  });

  it('know no job of a capability that is not served, nor stop it', async () => {
    await using server = await testServer({ plugins });
    const as = callerAt(server, '');
    const { id } = await startedHere(server.host, { end: 'never' }, removed as never);
    expect(await toldOf(as, id)).toEqual(nowhere);
    expect(await server.host.jobs.get(id)).not.toMatchObject({ status: 'cancelled' });
  });
});

describe('a mounted handler', () => {
  it('tells its callers apart by their keys, and not at all without', async () => {
    const mounts = [
      { path: '/other' as const, fetch: (request: Request) => Response.json({ caller: callerOf(request) }) },
    ];
    await using keyed = await testServer({ mounts, apiKeys: ['alice-key', 'bob-key'] });
    await using open = await testServer({ mounts });
    const callerAs = async (server: TestServer, key: string) =>
      ((await (await callerAt(server, `Bearer ${key}`)('GET', '/other')).json()) as { caller?: string })
        .caller;
    const [alice, again, bob] = await Promise.all(
      ['alice-key', 'alice-key', 'bob-key'].map((key) => callerAs(keyed, key)),
    );
    expect(alice).toBe(again);
    expect(alice).not.toBe(bob);
    expect(`${alice}${bob}`).not.toContain('key');
    expect(await callerAs(open, 'alice-key')).toBeUndefined();
  });
});
