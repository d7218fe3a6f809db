/** Capabilities and jobs over HTTP: JSON, streams, jobs; cancelled by a client that leaves; callers stay inside the root. */
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  contracts,
  defineCapability,
  definePlugin,
  implement,
  invoke,
  type Job,
  remote,
  stream,
  TriviumError,
} from '@trivium/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { documents, models } from '../../src/host/index.js';
import { type RequestLogEntry, type RunningServer, serve } from '../../src/server/index.js';
import { eventData, type TestServer, testServer, until } from './fixtures.js';

const count = defineCapability({
  plugin: 'counting',
  name: 'count-up',
  title: 'Count',
  description: 'Counts up to a number, or for ever.',
  input: z.object({ to: z.number().int(), fault: z.boolean().default(false) }),
  progress: z.object({ at: z.number().int() }),
  output: z.object({ counted: z.number().int() }),
  effects: { writes: false, destructive: false, network: false },
});
const lose = defineCapability({
  plugin: 'counting',
  name: 'lose-count',
  title: 'Lose count',
  description: 'Fails on a file of the root.',
  input: z.object({}),
  progress: z.never(),
  output: z.object({}),
  effects: { writes: false, destructive: false, network: false },
});
const stopped: string[] = [];
const counting = definePlugin({
  name: 'counting',
  capabilities: [
    implement(count, async function* ({ to, fault }, { signal }) {
      try {
        for (let at = 1; at <= to; at += 1) {
          yield { at };
          if (fault) throw new Error('my secret');
          await new Promise((resolve) => setTimeout(resolve, 1));
          signal.throwIfAborted();
        }
        return { counted: to };
      } finally {
        stopped.push(`${to}`);
      }
    }),
    implement(lose, async function* () {
      const file = join(server.root, 'count.md');
      throw new TriviumError('bad-format', `${file} holds no numbers.`, { file, found: `text in ${file}` });
    }),
  ],
});

let server: TestServer;
let running: RunningServer;
beforeAll(async () => {
  server = await testServer({ plugins: [documents, models, counting] });
  running = await serve({ host: server.host, plugins: [counting], root: server.root, port: 0 });
  await symlink('/etc/passwd', join(server.root, 'link.md'));
});
afterAll(async () => {
  await running.close({ drainMs: 0 });
  await server[Symbol.asyncDispose]();
});

const call = '/v1/capabilities/counting/count-up';
const post = (...given: Parameters<TestServer['post']>) => server.post(...given);
const errorOf = async (response: Response) =>
  ((await response.json()) as { error: Record<string, unknown> }).error;

describe('a capability', () => {
  it('is listed with its schemas; what downloads or destroys is not there', async () => {
    const { capabilities } = (await (await server.get('/v1/capabilities')).json()) as {
      capabilities: { plugin: string; name: string; input: { required?: string[] } }[];
    };
    const names = capabilities.map(({ plugin, name }) => `${plugin}/${name}`);
    expect(names).toEqual(
      expect.arrayContaining(['documents/ask', 'models/models-list', 'counting/count-up']),
    );
    expect(names).not.toContain('models/pull');
    expect(names).not.toContain('models/models-remove');
    expect(capabilities.find(({ name }) => name === 'count-up')).toMatchObject({
      title: 'Count',
      input: { properties: { to: { type: 'integer' } }, required: ['to'] },
      output: { properties: { counted: { type: 'integer' } } },
      effects: { writes: false },
    });
    expect(capabilities.find(({ name }) => name === 'ask')!.input.required).toEqual(['question']);
    expect((await post('/v1/capabilities/models/pull', { model: 'hf:a/b' })).status).toBe(404);
  });

  it('answers as JSON', async () => {
    const response = await post(call, { to: 3 });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ counted: 3 });
  });

  it('names the field that does not fit', async () => {
    const response = await post(call, { to: 'three' });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: 'invalid-argument', param: 'to' });
  });

  it('streams its progress, then its output', async () => {
    const response = await post(call, { to: 2 }, { headers: { accept: 'text/event-stream' } });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect((await eventData(response)).map((data) => JSON.parse(data))).toEqual([
      { type: 'progress', progress: { at: 1 } },
      { type: 'progress', progress: { at: 2 } },
      { type: 'output', output: { counted: 2 } },
    ]);
  });

  it('that fails in the middle says so in the stream, and tells nothing that it should not', async () => {
    const response = await post(call, { to: 2, fault: true }, { headers: { accept: 'text/event-stream' } });
    const frames = (await eventData(response)).map((data) => JSON.parse(data));
    expect(frames.at(-1)).toMatchObject({ type: 'error', error: { code: 'internal', type: 'server_error' } });
    expect(JSON.stringify(frames)).not.toContain('secret');
  });

  it('runs behind the same face as one that runs here', async () => {
    const there = remote(count, { baseUrl: running.url });
    const signal = new AbortController().signal;
    expect(await invoke(there, { to: 4 }, { signal })).toEqual({ counted: 4 });
    await expect(
      invoke(remote(count, { baseUrl: running.url }), { to: 1, fault: true }, { signal }),
    ).rejects.toMatchObject({
      code: 'internal',
    });
  });

  it.each(['a stream', 'JSON'])('stops when the client that waits for %s leaves', async (kind) => {
    const to = kind === 'JSON' ? 1_000_001 : 1_000_002;
    const left = new AbortController();
    const headers = {
      'content-type': 'application/json',
      ...(kind === 'JSON' ? {} : { accept: 'text/event-stream' }),
    };
    const answer = fetch(`${running.url}${call}`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ to }),
      signal: left.signal,
    }).then((response) => response.text());
    await until(() => running.handler.calls.running === 1);
    left.abort();
    await expect(answer).rejects.toThrow();
    await until(() => stopped.includes(String(to)));
    await until(() => running.handler.calls.running === 0);
  });

  it('stops when the reader of remote progress leaves', async () => {
    const steps = stream(
      remote(count, { baseUrl: running.url }),
      { to: 1_000_003 },
      { signal: new AbortController().signal },
    );
    await steps.next();
    await steps.return(undefined as never);
    await until(() => stopped.includes('1000003'));
  });
});

describe('callers stay inside the root', () => {
  it.each(['../', '/etc/passwd', 'link.md', 'docs/../../x'])('%s is refused', async (path) => {
    const response = await post('/v1/capabilities/documents/search', { query: 'tea', paths: [path] });
    expect(response.status).toBe(403);
    expect(await errorOf(response)).toMatchObject({ code: 'outside-root', param: 'paths' });
  });

  it('links inside the root lead nowhere', async () => {
    const response = await post('/v1/capabilities/documents/search', { query: 'root bin bash nologin' });
    expect(await response.text()).not.toContain('/bin/');
  });

  it('models outside it, and of the hub, are refused', async () => {
    for (const model of ['/etc/passwd', '../m.gguf', 'hf:org/repo']) {
      const response = await post('/v1/capabilities/models/generate', { model, prompt: 'x' });
      expect(await errorOf(response)).toMatchObject({ code: 'outside-root', param: 'model' });
    }
  });

  it('documents are read without naming any, and paths are told relative to it', async () => {
    await writeFile(join(server.root, 'note.txt'), 'The meeting is on Tuesday.\n');
    const response = await post('/v1/capabilities/documents/ask', {
      question: 'How long is green tea steeped?',
    });
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(JSON.parse(text).citations[0]).toMatchObject({ path: 'tea.md' });
    expect(text).not.toContain(server.root);
  });
});

describe('a job', () => {
  const start = async (input: object, path = call) => {
    const response = await post(path, input, { headers: { prefer: 'respond-async, wait=10' } });
    expect(response.status).toBe(202);
    const job = (await response.json()) as Job;
    expect(response.headers.get('location')).toBe(`/v1/jobs/${job.id}`);
    return job;
  };
  const show = async (id: string) => (await (await server.get(`/v1/jobs/${id}`)).json()) as Job;

  it('is started, followed and told of', async () => {
    const { id } = await start({ to: 3 });
    const events = await (await server.get(`/v1/jobs/${id}/events`)).text();
    expect(events).toContain('id: 1\ndata: {"type":"progress","progress":{"at":1}}\n\n');
    expect(events.trim().split('\n\n').at(-1)).toBe('data: {"type":"output","output":{"counted":3}}');
    expect(await show(id)).toMatchObject({ status: 'succeeded', output: { counted: 3 }, events: 3 });
    expect(contracts.job.safeParse(await show(id)).success).toBe(true);
    const { jobs } = (await (await server.get('/v1/jobs?status=succeeded&limit=5')).json()) as {
      jobs: Job[];
    };
    expect(jobs.map((job) => job.id)).toContain(id);
  });

  it('is followed from an event on, as a browser resumes', async () => {
    const { id } = await start({ to: 3 });
    const after = await (await server.get(`/v1/jobs/${id}/events?after=2`)).text();
    const resumed = await (
      await server.get(`/v1/jobs/${id}/events`, { headers: { 'last-event-id': '2' } })
    ).text();
    expect(after).toBe(resumed);
    expect(after.match(/^id: /gm)).toHaveLength(1);
  });

  it('goes on without its client, and is cancelled by its id', async () => {
    const { id } = await start({ to: 1_000_004 });
    const left = new AbortController();
    const response = await fetch(`${running.url}/v1/jobs/${id}/events`, { signal: left.signal });
    await response.body!.getReader().read();
    left.abort();
    expect((await show(id)).status).toBe('running');
    const cancelled = (await (await post(`/v1/jobs/${id}/cancel`, '')).json()) as Job;
    expect(cancelled.status).toBe('cancelled');
    const last = (await eventData(await server.get(`/v1/jobs/${id}/events`))).at(-1)!;
    expect(JSON.parse(last)).toMatchObject({ type: 'error', error: { code: 'cancelled' } });
  });

  it('that fails tells where and why, and nothing that it should not', async () => {
    const lost = await start({}, '/v1/capabilities/counting/lose-count');
    const faulty = await start({ to: 2, fault: true });
    for (const { id } of [lost, faulty]) await (await server.get(`/v1/jobs/${id}/events`)).text();
    expect((await show(lost.id)).error).toEqual({
      code: 'bad-format',
      message: 'count.md holds no numbers.',
      file: 'count.md',
      found: 'text in count.md',
    });
    expect((await show(faulty.id)).error).toEqual({ code: 'internal', message: 'The server failed.' });
    const told = [JSON.stringify([lost, faulty]), await (await server.get('/v1/jobs')).text()];
    for (const { id } of [lost, faulty]) {
      told.push(await (await post(`/v1/jobs/${id}/cancel`, '')).text());
      told.push(await (await server.get(`/v1/jobs/${id}/events`)).text());
    }
    for (const text of told) {
      expect(text).not.toContain(server.root);
      expect(text).not.toContain('secret');
    }
  });

  it('that is asked after with HEAD is followed for nobody', async () => {
    const { id } = await start({ to: 1_000_005 });
    const ended: RequestLogEntry[] = [];
    const { host, root } = server;
    const other = await testServer({
      host,
      root,
      plugins: [counting],
      onRequest: (entry) => ended.push(entry),
    });
    const response = await other.get(`/v1/jobs/${id}/events`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.body).toBeNull();
    // Told of once nothing goes on for it.
    await until(() => ended.length === 1);
    await post(`/v1/jobs/${id}/cancel`, '');
    await other[Symbol.asyncDispose]();
  });

  it('that is not there, or has an id that is none, is not found', async () => {
    const ids = ['nothing', '..%2f..%2fetc', 'nothing/events', 'a'.repeat(300)];
    for (const id of ids) expect((await server.get(`/v1/jobs/${id}`)).status).toBe(404);
    expect((await post('/v1/jobs/nothing/cancel', '')).status).toBe(404);
    expect((await server.get('/v1/jobs?limit=0')).status).toBe(400);
  });

  it('of another folder is none of this server', async () => {
    const [search] = documents.capabilities.filter(({ capability }) => capability.name === 'search');
    const context = (signal: AbortSignal) => server.host.context(signal);
    const { id } = await server.host.jobs.start(search!, { paths: ['/etc/hostname'], query: 'x' }, context);
    expect((await server.get(`/v1/jobs/${id}`)).status).toBe(404);
    expect((await post(`/v1/jobs/${id}/cancel`, '')).status).toBe(404);
    const { jobs } = (await (await server.get('/v1/jobs')).json()) as { jobs: Job[] };
    expect(jobs.map((job) => job.id)).not.toContain(id);
  });
});
