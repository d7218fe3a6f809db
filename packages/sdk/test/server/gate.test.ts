/** The gate: who may call, how much, how many at once; errors in one shape, whatever is sent. */
import { afterAll, describe, expect, it } from 'vitest';
import { Admission } from '../../src/base/admission.js';
import type { RequestLogEntry } from '../../src/server/index.js';
import { scriptedModel } from '../../src/testing/index.js';
import { eventData, type TestServer, testServer, until } from './fixtures.js';
import { scriptedParts } from './scripted-parts.js';

const servers: TestServer[] = [];
const server = async (settings: Parameters<typeof testServer>[0] = {}) => {
  const made = await testServer(settings);
  servers.push(made);
  return made;
};
afterAll(async () => {
  for (const one of servers) await one[Symbol.asyncDispose]();
});

const chat = { model: 'scripted', messages: [{ role: 'user', content: 'Hello' }] };
const errorOf = async (response: Response) =>
  ((await response.json()) as { error: Record<string, unknown> }).error;

describe('who may call', () => {
  it.each(['evil.example', 'evil.example:7474', '127.0.0.1.evil.example', 'localhost.evil.example'])(
    'a page that has its name %s resolved to this machine is refused',
    async (host) => {
      const { get } = await server();
      const response = await get('/v1/models', { headers: { host } });
      expect(response.status).toBe(403);
      expect(await errorOf(response)).toMatchObject({
        code: 'forbidden',
        param: 'host',
        type: 'permission_error',
      });
    },
  );

  it.each(['localhost:7474', '127.0.0.1:7474', '[::1]:7474', 'LOCALHOST'])(
    '%s is this machine',
    async (host) => {
      const { get } = await server();
      expect((await get('/v1/models', { headers: { host } })).status).toBe(200);
    },
  );

  it('names of its own are allowed where they were given', async () => {
    const { get } = await server({ allowedHosts: ['models.example'] });
    expect((await get('/healthz', { headers: { host: 'models.example' } })).status).toBe(200);
    expect((await get('/healthz', { headers: { host: 'localhost' } })).status).toBe(403);
  });

  it('pages of other origins are refused, also where they do not ask first', async () => {
    const { post, get } = await server({ allowedOrigins: ['https://app.example'] });
    for (const origin of ['https://evil.example', 'null', 'http://localhost:1']) {
      const response = await post('/v1/chat/completions', chat, { headers: { origin } });
      expect(response.status).toBe(403);
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    }
    const own = await get('/v1/models', {
      headers: { origin: 'http://localhost:7474', host: 'localhost:7474' },
    });
    expect(own.status).toBe(200);
  });

  it('pages of an allowed origin may ask, call and read', async () => {
    const { post, get } = await server({ allowedOrigins: ['https://app.example'] });
    const asked = await get('/v1/chat/completions', {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-headers')).toBe('authorization,content-type');
    expect(asked.headers.get('access-control-allow-origin')).toBe('https://app.example');
    const answered = await post('/v1/chat/completions', chat, { headers: { origin: 'https://app.example' } });
    expect(answered.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(answered.status).toBe(200);
  });

  it('keys are asked for, but not for the health', async () => {
    const { get } = await server({ apiKeys: ['one', 'two'] });
    const wrong = [undefined, 'Bearer', 'Bearer three', 'Bearer onetwo', 'Basic one', 'one'];
    for (const authorization of wrong) {
      const response = await get(
        '/v1/models',
        authorization === undefined ? {} : { headers: { authorization } },
      );
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await errorOf(response)).toMatchObject({ code: 'unauthorized', type: 'authentication_error' });
    }
    for (const authorization of ['Bearer one', 'bearer two'])
      expect((await get('/v1/models', { headers: { authorization } })).status).toBe(200);
    expect((await get('/healthz')).status).toBe(200);
  });

  it('keys are the same without the blanks around them, which no header keeps; one of blanks is none', async () => {
    const { get } = await server({ apiKeys: ['one\n', ' two three '] });
    for (const authorization of ['Bearer one', 'Bearer one ', 'Bearer two three'])
      expect((await get('/v1/models', { headers: { authorization } })).status).toBe(200);
    expect((await get('/v1/models', { headers: { authorization: 'Bearer two' } })).status).toBe(401);
    await expect(server({ apiKeys: ['one', ' \n'] })).rejects.toMatchObject({ field: 'apiKeys' });
  });
});

describe('what is sent', () => {
  it('a body that is too large is refused, declared or not', async () => {
    const { post } = await server({ maxBodyBytes: 1000 });
    const large = { ...chat, messages: [{ role: 'user', content: 'x'.repeat(2000) }] };
    const response = await post('/v1/chat/completions', large);
    expect(response.status).toBe(413);
    expect(await errorOf(response)).toMatchObject({ code: 'too-large' });
    const { handler } = await server({ maxBodyBytes: 1000 });
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        sent += 100;
        controller.enqueue(new Uint8Array(100).fill(32));
        if (sent >= 1e6) controller.close();
      },
    });
    const streamed = await handler.fetch(
      new Request('http://localhost/v1/chat/completions', {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
        duplex: 'half',
      } as RequestInit),
    );
    expect(streamed.status).toBe(413);
    expect(sent).toBeLessThan(1e5);
  });

  it('a body of more values than anybody means is refused before it is looked at', async () => {
    const { post } = await server();
    for (const values of [
      Array(100_001).fill(0),
      Array(50_001).fill([]),
      Array(1000).fill(Array(101).fill({})),
    ]) {
      const response = await post('/v1/chat/completions', { ...chat, messages: values });
      expect(response.status).toBe(400);
      expect(await errorOf(response)).toMatchObject({ code: 'invalid-argument', param: 'body' });
    }
    const commas = { ...chat, messages: [{ role: 'user', content: ',[{'.repeat(200_000) }] };
    expect((await post('/v1/chat/completions', commas)).status).toBe(200);
  });

  it.each([
    ['no JSON', '{"model":', 'body'],
    ['no UTF-8', undefined, 'body'],
    ['a list', '[]', 'body'],
    ['null', 'null', 'body'],
    ['a number', '1e400', 'body'],
    ['nothing', '', 'messages'],
    ['no messages', '{"messages":[]}', 'messages'],
    ['a role that is none', '{"messages":[{"role":"king","content":"x"}]}', 'messages.0.role'],
    ['content of a wrong kind', '{"messages":[{"role":"user","content":{"a":1}}]}', 'messages.0.content'],
    [
      'a part of no type',
      '{"messages":[{"role":"user","content":[{"text":"x"}]}]}',
      'messages.0.content.0.type',
    ],
    [
      'a temperature of text',
      '{"messages":[{"role":"user","content":"x"}],"temperature":"hot"}',
      'temperature',
    ],
    ['a bomb of lists', '['.repeat(100_000), 'body'],
    ['a bomb of objects', `{"tools":${'{"a":'.repeat(300)}1${'}'.repeat(300)}}`, 'body'],
    ['a prototype', '{"__proto__":{"messages":[]}}', 'messages'],
  ])('%s is an invalid request that names the field', async (_, body, param) => {
    const { handler } = await server();
    const bytes =
      body === undefined ? new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]) : new TextEncoder().encode(body);
    const response = await handler.fetch(
      new Request('http://localhost/v1/chat/completions', {
        method: 'POST',
        body: bytes,
        headers: { 'content-type': 'application/json' },
      }),
    );
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({
      code: 'invalid-argument',
      type: 'invalid_request_error',
      param,
    });
  });

  it('a call that names no model is answered by the one that was set for such calls, or refused', async () => {
    const { model: _, ...unnamed } = chat;
    expect((await (await server()).post('/v1/chat/completions', unnamed)).status).toBe(200);
    const { handler } = await server({ models: { other: scriptedModel(['x']) }, model: undefined as never });
    const response = await handler.fetch(
      new Request('http://localhost/v1/chat/completions', {
        method: 'POST',
        body: JSON.stringify(unnamed),
        headers: { 'content-type': 'application/json' },
      }),
    );
    expect(await errorOf(response)).toMatchObject({
      code: 'invalid-argument',
      param: 'model',
      expected: 'other',
    });
  });

  it('brackets in strings are no depth', async () => {
    const { post } = await server();
    const content = '"[{\\'.repeat(1000);
    expect(
      (await post('/v1/chat/completions', { ...chat, messages: [{ role: 'user', content }] })).status,
    ).toBe(200);
  });

  it('what a page may send without asking first is no JSON', async () => {
    const { post } = await server();
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ]) {
      const response = await post('/v1/chat/completions', chat, { headers: { 'content-type': type } });
      expect(response.status).toBe(400);
      expect(await errorOf(response)).toMatchObject({ param: 'content-type' });
    }
  });

  it('a path or method that is not there is not found', async () => {
    const { get, post } = await server();
    for (const response of [
      await get('/v1/nothing'),
      await get('/v1/chat/completions'),
      await post('/v1/models', {}),
      await post('/v1/capabilities/documents/../../etc', {}),
      await post('/v1/capabilities/nothing/here', {}),
    ]) {
      expect(response.status).toBe(404);
      expect(await errorOf(response)).toMatchObject({ code: 'not-found' });
    }
  });

  it('requests have ids: theirs, where it is one', async () => {
    const { get } = await server();
    const id = async (given: string) =>
      (await get('/healthz', { headers: { 'x-request-id': given } })).headers.get('x-request-id');
    expect(await id('client-1')).toBe('client-1');
    expect(await id('a b<script>')).toMatch(/^req_\w{32}$/);
    expect((await get('/v1/nothing')).headers.get('x-request-id')).toMatch(/^req_/);
  });
});

describe('what else is mounted', () => {
  it('answers as it likes: with redirects, what was fetched, or nothing that is an answer', async () => {
    const answers: Record<string, () => Response | Promise<Response>> = {
      '/other/moved': () => Response.redirect('https://app.example/', 302),
      '/other/fetched': () => fetch('data:text/plain,hello'),
      '/other/failed': () => Response.error(),
    };
    const { get } = await server({
      mounts: [{ path: '/other', fetch: (request) => answers[new URL(request.url).pathname]!() }],
    });
    const moved = await get('/other/moved');
    expect([moved.status, moved.headers.get('location')]).toEqual([302, 'https://app.example/']);
    expect(moved.headers.get('x-request-id')).toMatch(/^req_/);
    expect(await (await get('/other/fetched')).text()).toBe('hello');
    expect((await get('/other/failed')).status).toBe(500);
  });
});

describe('how many at once', () => {
  it('calls wait in order, and more than may wait are told when to come again', async () => {
    const { post, get, handler } = await server({
      models: { scripted: scriptedModel(['a b c d e f'], { wordDelayMs: 20 }) },
      maxConcurrent: 1,
      maxQueued: 1,
    });
    const first = post('/v1/chat/completions', { ...chat, stream: true });
    await until(() => handler.calls.running === 1);
    const second = post('/v1/chat/completions', chat);
    await until(() => handler.calls.waiting === 1);
    const third = await post('/v1/chat/completions', chat);
    expect(third.status).toBe(429);
    expect(third.headers.get('retry-after')).toBe('1');
    expect(await errorOf(third)).toMatchObject({ code: 'busy', type: 'rate_limit_error' });
    // What makes nothing work needs no place.
    expect((await get('/v1/models')).status).toBe(200);
    await eventData(await first);
    expect((await second).status).toBe(200);
    await until(() => handler.calls.running === 0);
  });

  it('who gives up while waiting leaves the queue', async () => {
    const admission = new Admission({ maxConcurrent: 1, maxQueued: 2 });
    const leave = await admission.enter(new AbortController().signal);
    const gone = new AbortController();
    const waiting = admission.enter(gone.signal);
    const next = admission.enter(new AbortController().signal);
    gone.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    expect(admission.waiting).toBe(1);
    leave();
    leave();
    (await next)();
    expect([admission.running, admission.waiting]).toEqual([0, 0]);
  });
});

describe('what is told', () => {
  it('requests are logged and counted without what they say', async () => {
    const entries: RequestLogEntry[] = [];
    const { post, get } = await server({ onRequest: (entry) => entries.push(entry) });
    await post('/v1/chat/completions', { ...chat, messages: [{ role: 'user', content: 'my secret' }] });
    await eventData(await post('/v1/chat/completions', { ...chat, stream: true }));
    await get('/v1/nothing?secret=1');
    await until(() => entries.length === 3);
    expect(entries.map(({ route, status, code }) => [route, status, code])).toEqual([
      ['/v1/chat/completions', 200, undefined],
      ['/v1/chat/completions', 200, undefined],
      ['unknown', 404, 'not-found'],
    ]);
    expect(JSON.stringify(entries)).not.toContain('secret');
    const metrics = await (await get('/metrics')).text();
    expect(metrics).toContain(
      'trivium_http_requests_total{route="/v1/chat/completions",method="POST",status="200"} 2',
    );
    expect(metrics).toMatch(/trivium_tokens_total\{model="scripted",kind="output"\} \d+/);
    expect(metrics).not.toContain('secret');
    // Of the process, once.
    expect(metrics.match(/^process_cpu_seconds_total /gm)).toHaveLength(1);
  });

  it('whoever listens to the log takes no answer down', async () => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    const { get } = await server({
      onRequest: () => {
        throw new Error('full');
      },
    });
    expect((await get('/healthz')).status).toBe(200);
    expect((await warned).message).toContain('full');
  });

  it("a fault of the server's own tells nothing of what was asked", async () => {
    const entries: RequestLogEntry[] = [];
    const faulty = scriptedModel(() => {
      throw new Error('prompt was: my secret');
    });
    const breaking = scriptedParts(
      [
        { type: 'text', text: 'so far' },
        { type: 'failure', error: new Error('my secret') },
      ],
      'stop',
    );
    const { post } = await server({
      models: { faulty, breaking },
      onRequest: (entry) => entries.push(entry),
    });
    const response = await post('/v1/chat/completions', { ...chat, model: 'faulty' });
    expect(response.status).toBe(500);
    expect(JSON.stringify(await response.json())).not.toContain('secret');
    expect(entries[0]).toMatchObject({
      status: 500,
      code: 'internal',
      fault: expect.stringContaining('at '),
    });
    expect(JSON.stringify(entries)).not.toContain('secret');
  });

  it.each([
    ['a client that leaves', 499, 'cancelled'],
    ['a server that closes', 503, 'disposed'],
  ])('%s is no fault', async (_who, status, code) => {
    const entries: RequestLogEntry[] = [];
    const doGenerate = ({ abortSignal }: { abortSignal: AbortSignal }) =>
      new Promise<never>((_, reject) =>
        abortSignal.addEventListener('abort', () => reject(abortSignal.reason)),
      );
    const { post, handler } = await server({
      models: { waiting: Object.assign(scriptedModel(['x']), { doGenerate }) },
      onRequest: (entry) => entries.push(entry),
    });
    const leaving = new AbortController();
    const response = post('/v1/chat/completions', { ...chat, model: 'waiting' }, { signal: leaving.signal });
    await until(() => handler.calls.running === 1);
    // Adapters say why in their own words.
    if (status === 499) leaving.abort('Client connection prematurely closed.');
    else handler.stop();
    expect((await response).status).toBe(status);
    expect(entries).toMatchObject([{ status, code }]);
    expect(entries[0]).not.toHaveProperty('fault');
  });

  it('a server that closes ends its streams, and refuses more', async () => {
    const { post, handler } = await server({
      models: { scripted: scriptedModel(['word '.repeat(5000)], { wordDelayMs: 1 }) },
    });
    const response = await post('/v1/chat/completions', { ...chat, stream: true });
    const text = eventData(response);
    await handler[Symbol.asyncDispose]();
    const data = await text;
    expect(JSON.parse(data.at(-2)!)).toMatchObject({ error: { code: 'disposed' } });
    expect(data.at(-1)).toBe('[DONE]');
    expect((await post('/v1/chat/completions', chat)).status).toBe(503);
  });
});
