/** A server that no longer knows the session: the client begins another and says what was refused again, and only that. */

import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { connectMcp } from '@trivium/mcp-server/client';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createMcpFetch } from '../src/http/mcp-fetch.js';
import { textBlock } from '../src/surface/content.js';
import type { McpSurface } from '../src/surface/surface.js';
import { kitchenAnswers } from './support/kitchen.js';

const said = (text: string) => ({ content: [textBlock(text)], isError: false });

/** @param fieldOf of what tools answer as data, in the server that stands now */
async function kitchen(fieldOf?: () => string) {
  const log: string[] = [];
  const surface = (tools: string[]): McpSurface => ({
    name: 'kitchen',
    version: '1',
    tools: tools.map((name) => ({
      name,
      description: name,
      inputSchema: { type: 'object' },
      ...(fieldOf && {
        outputSchema: { type: 'object', required: [fieldOf()], properties: { [fieldOf()]: {} } },
      }),
      run: (_input, { signal }) => {
        log.push(name);
        if (fieldOf) return Promise.resolve({ ...said(name), structured: { [fieldOf()]: 1 } });
        if (name !== 'hang') return Promise.resolve(said(name));
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
        );
      },
    })),
  });
  const sessions = { retryMs: 20 };
  let mcp = createMcpFetch({ surface: surface(['steep', 'hang']), sessions });
  /** Answers instead of the server. */
  let intercept: ((method: string, id?: unknown) => Promise<Response> | Response | undefined) | undefined;
  const fetch = async (input: string | URL | Request, init?: RequestInit) => {
    const request = new Request(input, init);
    const { method = request.method, id } =
      request.method === 'POST' ? ((await request.clone().json()) as { method?: string; id?: unknown }) : {};
    log.push(method);
    return (await intercept?.(method, id)) ?? mcp.fetch(request);
  };
  const connection = await connectMcp({ url: 'http://localhost/mcp', fetch });
  onTestFinished(async () => {
    await connection.close();
    await mcp.close();
  });
  return {
    connection,
    /** What was asked and run. */
    log,
    call: (name: string, abortSignal?: AbortSignal) =>
      connection.tools()[name]!.execute!(
        {},
        { toolCallId: 'call', messages: [], ...(abortSignal && { abortSignal }) },
      ),
    count: (name: string) => log.filter((entry) => entry === name).length,
    async restart(tools = ['steep', 'hang']) {
      await mcp.close();
      mcp = createMcpFetch({ surface: surface(tools), sessions });
      log.length = 0;
    },
    intercept(by: typeof intercept) {
      intercept = by;
    },
  };
}

it('calls go on after a restart, each run once, in one new session', async () => {
  const { call, count, restart, connection } = await kitchen();
  expect(await call('steep')).toEqual({ content: [textBlock('steep')] });
  for (let turn = 0; turn < 2; turn += 1) {
    await restart(['steep', 'pour']);
    const answers = await Promise.all([call('steep'), call('steep'), connection.client.ping()]);
    expect(answers.slice(0, 2)).toEqual([said('steep'), said('steep')].map(({ content }) => ({ content })));
    expect(count('steep')).toBe(2);
    expect(count('initialize')).toBe(1);
  }
  await expect.poll(() => Object.keys(connection.tools())).toEqual(['steep', 'pour']);
});

it('a call that the lost session had taken fails without another call, and is not run again', async () => {
  const { call, connection, count, log, restart } = await kitchen();
  const taken = call('hang');
  await expect.poll(() => log.includes('hang')).toBe(true);
  const failed = expect(taken).rejects.toMatchObject({
    code: 'network',
    message: expect.stringContaining('session ended'),
  });
  await restart(['pour']);
  await failed;
  await expect.poll(() => Object.keys(connection.tools())).toEqual(['pour']);
  expect(count('hang')).toBe(0);
}, 20_000);

it('a call fails too where its server does not come back', async () => {
  const { call, count, log, restart, intercept } = await kitchen();
  const taken = call('hang');
  await expect.poll(() => log.includes('hang')).toBe(true);
  const failed = expect(taken).rejects.toMatchObject({ code: 'network' });
  intercept(() => Promise.reject(new TypeError('fetch failed')));
  await restart();
  await failed;
  expect(count('initialize')).toBe(0);
}, 20_000);

/** A stream of events, and what is written into it. */
function eventStream() {
  const events = new TransformStream<string, string>();
  const headers = { 'content-type': 'text/event-stream', 'mcp-session-id': 'one' };
  const response = new Response(events.readable.pipeThrough(new TextEncoderStream()), { headers });
  return { response, writer: events.writable.getWriter() };
}

it('a call whose own stream is open is answered there by a server that takes no more', async () => {
  const log: string[] = [];
  const listening = eventStream();
  const own = eventStream();
  let request: unknown;
  const results = kitchenAnswers('2025-06-18');
  const connection = await connectMcp({
    url: 'http://localhost/mcp',
    fetch: async (_input, init) => {
      const { method, id } =
        init?.method === 'POST' ? JSON.parse(init.body as string) : { method: init?.method };
      log.push(method);
      if (method === 'GET') {
        if (log.filter((entry) => entry === 'GET').length === 1) return listening.response;
        return new Response('', { status: 503 });
      }
      if (method === 'ping') throw new TypeError('fetch failed');
      if (method === 'tools/call') {
        request = id;
        return own.response;
      }
      const result = results[method];
      return result
        ? Response.json({ jsonrpc: '2.0', id, result }, { headers: { 'mcp-session-id': 'one' } })
        : new Response(null, { status: 202 });
    },
  });
  onTestFinished(() => connection.close());
  const answer = connection.tools().steep!.execute!({}, { toolCallId: 'call', messages: [] });
  await expect.poll(() => request).toBeDefined();
  void listening.writer.abort(new Error('cut'));
  await expect.poll(() => log.includes('ping'), { timeout: 10_000 }).toBe(true);
  await sleep(50);
  const event = JSON.stringify({ jsonrpc: '2.0', id: request, result: said('late') });
  await own.writer.write(`data: ${event}\n\n`);
  await own.writer.close();
  expect(await answer).toEqual({ content: said('late').content });
}, 20_000);

/** @param get answers in place of the server's stream */
async function connectedWith(get: () => Response) {
  const log: string[] = [];
  const mcp = createMcpFetch({ surface: { name: 'streams', version: '1', tools: [] } });
  const fetch = async (input: string | URL | Request, init?: RequestInit) => {
    const request = new Request(input, init);
    const { method = request.method } =
      request.method === 'POST' ? ((await request.clone().json()) as { method?: string }) : {};
    log.push(method);
    return method === 'GET' ? get() : mcp.fetch(request);
  };
  const connection = await connectMcp({ url: 'http://localhost/mcp', fetch });
  onTestFinished(async () => {
    await connection.close();
    await mcp.close();
  });
  return { log, count: (name: string) => log.filter((entry) => entry === name).length };
}

it('a server that does not know GET is asked once whether it knows the session', async () => {
  const { count } = await connectedWith(() => new Response('Cannot GET /mcp', { status: 404 }));
  await expect.poll(() => count('ping')).toBe(1);
  await sleep(50);
  expect(count('ping')).toBe(1);
  expect(count('initialize')).toBe(1);
});

it('a stream that the SDK gave up is opened again once the session answers', async () => {
  let cut = () => {};
  const stream = new ReadableStream({
    start(controller) {
      cut = () => controller.error(new Error('cut'));
    },
  });
  const opened = new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
  const answers = [opened, new Response('', { status: 502 }), new Response('', { status: 502 })];
  const { log, count } = await connectedWith(() => answers.shift() ?? new Response('', { status: 405 }));
  await expect.poll(() => count('GET')).toBe(1);
  cut();
  await expect.poll(() => count('GET'), { timeout: 10_000 }).toBe(4);
  expect(log.slice(-4)).toEqual(['GET', 'GET', 'ping', 'GET']);
  expect(count('initialize')).toBe(1);
}, 20_000);

it('what the answer to one request says with 404 is no word about the session', async () => {
  const { call, count, log, intercept } = await kitchen();
  const taken = call('hang').then(
    () => 'answered',
    () => 'failed',
  );
  await expect.poll(() => log.includes('hang')).toBe(true);
  intercept((method, id) =>
    method === 'tools/call'
      ? Response.json(
          { jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } },
          { status: 404 },
        )
      : undefined,
  );
  await expect(call('steep')).rejects.toMatchObject({ code: 'not-found' });
  expect(count('initialize')).toBe(1);
  expect(await Promise.race([taken, sleep(50).then(() => 'running')])).toBe('running');
});

it('where a list is refused in each session, one session is begun for a request', async () => {
  const { connection, count, restart, intercept } = await kitchen();
  await restart();
  intercept((method) => (method === 'tools/list' ? new Response('', { status: 404 }) : undefined));
  await expect(connection.client.listTools()).rejects.toMatchObject({ code: 404 });
  await sleep(300);
  expect(count('initialize')).toBe(1);
  expect(Object.keys(connection.tools())).toEqual(['steep', 'hang']);
});

it('nothing that lasts is told of a session that was begun', async () => {
  const { call, restart } = await kitchen();
  const connect = vi.spyOn(Client.prototype, 'connect');
  onTestFinished(() => connect.mockRestore());
  for (let turn = 0; turn < 2; turn += 1) {
    await restart();
    await call('steep');
  }
  const signals = connect.mock.calls.map(([, options]) => options?.signal);
  expect(signals).toHaveLength(2);
  expect(signals[0]).not.toBe(signals[1]);
});

it('a call that is cancelled while the session is begun is never run', async () => {
  const { call, count, log, restart, intercept } = await kitchen();
  await restart();
  let proceed = () => {};
  const waiting = new Promise<undefined>((resolve) => {
    proceed = () => resolve(undefined);
  });
  intercept((method) => (method === 'initialize' ? (waiting as never) : undefined));
  const controller = new AbortController();
  const given = call('hang', controller.signal);
  const steeped = call('steep');
  await expect.poll(() => log.includes('initialize')).toBe(true);
  controller.abort();
  await expect(given).rejects.toMatchObject({ code: 'cancelled' });
  proceed();
  await steeped;
  expect(count('hang')).toBe(0);
});

it('what the server refuses then is the error, and the next call tries again', async () => {
  const { call, connection, count, restart, intercept } = await kitchen();
  await restart();
  intercept((method) => (method === 'initialize' ? new Response('', { status: 503 }) : undefined));
  await expect(call('steep')).rejects.toMatchObject({ code: 'busy' });
  intercept((method) => (method === 'tools/call' ? new Response('', { status: 404 }) : undefined));
  await expect(call('steep')).rejects.toMatchObject({ code: 'not-found' });
  expect(count('initialize')).toBe(2);
  intercept(undefined);
  expect(await call('steep')).toEqual({ content: [textBlock('steep')] });
  // The SDK would keep what failed, and with it the transports of lost sessions.
  const { _responseHandlers: kept } = connection.client as unknown as {
    _responseHandlers: Map<number, unknown>;
  };
  await expect.poll(() => [...kept.keys()]).toEqual([]);
});

it('answers are taken as the renewed session has them', async () => {
  let field = 'minutes';
  const { call, restart } = await kitchen(() => field);
  expect(await call('steep')).toMatchObject({ structured: { minutes: 1 } });
  field = 'seconds';
  await restart();
  expect(await call('steep')).toMatchObject({ structured: { seconds: 1 } });
});

it('closing ends the session, and with it the calls that run in the server', async () => {
  const { call, connection, log } = await kitchen();
  const taken = expect(call('hang')).rejects.toMatchObject({ code: 'network' });
  await expect.poll(() => log.includes('hang')).toBe(true);
  await connection.close();
  await taken;
  expect(log.at(-1)).toBe('DELETE');
});

it('closing ends a session that is being begun', async () => {
  const { call, connection, log, restart, intercept } = await kitchen();
  await restart();
  intercept((method) => (method === 'initialize' ? new Promise<Response>(() => {}) : undefined));
  const given = expect(call('steep')).rejects.toMatchObject({ code: 'network' });
  await expect.poll(() => log.includes('initialize')).toBe(true);
  await connection.close();
  await given;
});
