/** The listening server: how it ends, what it refuses to listen on, what garbage does to it, and where else a handler runs. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createHandler,
  nodeListener,
  type RequestLogEntry,
  type RunningServer,
  serve,
} from '../../src/server/index.js';
import { scriptedModel } from '../../src/testing/index.js';
import { eventData, type TestServer, testServer, until } from './fixtures.js';

const brief = scriptedModel(['word '.repeat(30).trim()], { wordDelayMs: 2 });
const endless = scriptedModel(['word '.repeat(100_000)], { wordDelayMs: 1 });

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const start = () => serve({ host: server.host, root: server.root, port: 0, models: { brief, endless } });
const stream = (url: string, model: string) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'x' }] }),
  });

describe('a server that closes', () => {
  it('lets calls end, and takes no more', async () => {
    const running = await start();
    const answer = eventData(await stream(running.url, 'brief'));
    const closed = running.close();
    const data = await answer;
    expect(data.at(-1)).toBe('[DONE]');
    expect(data.filter((one) => one.includes('"content":"'))).toHaveLength(31);
    await closed;
    await expect(fetch(`${running.url}/healthz`)).rejects.toThrow();
  });

  it.each([Number.POSITIVE_INFINITY, 2 ** 31])(
    'waits for calls as long as it was told to: %s ms',
    async (drainMs) => {
      const running = await start();
      const answer = eventData(await stream(running.url, 'brief'));
      await running.close({ drainMs });
      expect((await answer).filter((one) => one.includes('"content":"'))).toHaveLength(31);
    },
  );

  it('tells those that do not end that it closes, and waits until they have', async () => {
    const running = await start();
    const answer = eventData(await stream(running.url, 'endless'));
    await running.close({ drainMs: 0 });
    const data = await answer;
    expect(JSON.parse(data.at(-2)!)).toMatchObject({ error: { code: 'disposed' } });
    expect(data.at(-1)).toBe('[DONE]');
    expect(endless.calls.at(-1)!.abortSignal!.aborted).toBe(true);
    expect(running.handler.calls).toEqual({ running: 0, waiting: 0 });
  });

  it('does not wait for clients that keep their connection without a word', async () => {
    const running = await start();
    const socket = connect(Number(new URL(running.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write('GET /healthz HTTP/1.1\r\n');
    await running.close({ drainMs: 0 });
    await once(socket, 'close');
  });
});

describe('the first piece of a streamed answer', () => {
  it('travels with the headers and the role, in one packet', async () => {
    const running = await start();
    const { port } = new URL(running.url);
    const body = JSON.stringify({ model: 'brief', stream: true, messages: [{ role: 'user', content: 'x' }] });
    const firstPacket = async () => {
      const socket = connect(Number(port), '127.0.0.1');
      socket.write(
        `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      const [packet] = await once(socket, 'data');
      socket.destroy();
      return String(packet);
    };
    // On a machine that is busy elsewhere the first piece may come later than headers wait for it.
    const packets = [];
    for (let round = 0; round < 10; round += 1) packets.push(await firstPacket());
    expect(packets).toContainEqual(
      expect.stringMatching(/^HTTP\/1.1 200 OK.*"role":"assistant".*"content":"word/s),
    );
    await running.close({ drainMs: 0 });
  });
});

describe('what a server does not listen on', () => {
  it('an address that others reach, without a key', async () => {
    const settings = { host: server.host, hostname: '0.0.0.0', port: 0 };
    await expect(serve(settings)).rejects.toMatchObject({ code: 'invalid-argument', field: 'hostname' });
    const running = await serve({ ...settings, apiKeys: ['key'], models: { brief } });
    await running.close();
  });

  it('a port that is taken, a folder that is none, numbers that are none', async () => {
    const running = await start();
    const port = Number(new URL(running.url).port);
    await expect(serve({ host: server.host, port })).rejects.toMatchObject({ code: 'io', field: 'port' });
    await running.close();
    for (const [field, value] of [
      ['root', '/nowhere'],
      ['maxConcurrent', 0],
      ['maxQueued', -1],
      ['maxBodyBytes', 1.5],
      ['basePath', 'ai/'],
      ['apiKeys', ['']],
    ] as const)
      await expect(serve({ host: server.host, port: 0, [field]: value })).rejects.toMatchObject({
        code: 'invalid-argument',
        field,
      });
  });
});

describe('garbage', () => {
  let running: RunningServer;
  beforeAll(async () => {
    running = await start();
  });
  afterAll(() => running.close({ drainMs: 0 }));

  const head = 'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';
  it.each([
    ['no HTTP', '\x16\x03\x01\x02\x00\x01\x00'],
    ['a head without an end', 'GET / HTTP/1.1\r\nhost: localhost\r\nx: '],
    ['two lengths', `${head}content-length: 5\r\ncontent-length: 6\r\n\r\nhello`],
    ['a length and chunks', `${head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['chunks that are none', `${head}transfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n`],
    ['half a body', `${head}content-length: 500\r\n\r\n{"messages":`],
    ['a target with backslashes', 'GET /\\..\\..\\etc HTTP/1.1\r\nhost: localhost\r\n\r\n'],
    ['a host that is none', 'GET /healthz HTTP/1.1\r\nhost: local host/@x\r\n\r\n'],
    ['no host', 'GET /healthz HTTP/1.1\r\n\r\n'],
  ])('%s harms nobody else', async (_, bytes) => {
    const socket = connect(Number(new URL(running.url).port), '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk));
    socket.write(bytes, 'latin1');
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
    expect(answer).not.toMatch(/^HTTP\/1.1 (2|5)/);
    await until(() => running.handler.calls.running === 0);
    expect((await fetch(`${running.url}/healthz`)).status).toBe(200);
  });
});

describe('a client that leaves while it sends', () => {
  it.each([
    ['JSON of a declared length', 'POST /v1/embeddings', 'application/json', 'content-length: 500'],
    ['JSON in chunks', 'POST /v1/embeddings', 'application/json', 'transfer-encoding: chunked'],
    [
      'a file',
      'PUT /v1/scratch/00000000000000000000000000000000/a.txt',
      'application/octet-stream',
      'content-length: 500',
    ],
  ])('%s is no fault of the server', async (_, target, type, length) => {
    const entries: RequestLogEntry[] = [];
    const running = await serve({
      host: server.host,
      root: server.root,
      port: 0,
      onRequest: (entry) => entries.push(entry),
    });
    const socket = connect(Number(new URL(running.url).port), '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(
      `${target} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\n${length}\r\n\r\n5\r\n{"inp\r\n`,
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
    await until(() => entries.length === 1);
    expect(entries).toMatchObject([{ status: 499, code: 'cancelled' }]);
    expect(entries[0]).not.toHaveProperty('fault');
    await running.close({ drainMs: 0 });
  });
});

describe('a handler runs elsewhere', () => {
  it('inside a server of Node, as inside Express, under a path of its own', async () => {
    const handler = createHandler({
      host: server.host,
      root: server.root,
      models: { brief },
      basePath: '/ai',
    });
    const node = createServer(nodeListener(handler)).listen(0, '127.0.0.1');
    await once(node, 'listening');
    const url = `http://127.0.0.1:${(node.address() as AddressInfo).port}/ai`;
    expect((await eventData(await stream(url, 'brief'))).at(-1)).toBe('[DONE]');
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(url.replace('/ai', '/healthz'))).status).toBe(404);
    const job = await fetch(`${url}/v1/capabilities/documents/search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', prefer: 'respond-async' },
      body: JSON.stringify({ query: 'tea' }),
    });
    expect((await fetch(new URL(job.headers.get('location')!, url))).status).toBe(200);
    expect(await (await fetch(`${url}/openapi.json`)).json()).toMatchObject({ servers: [{ url: '/ai' }] });
    node.close();
    await handler[Symbol.asyncDispose]();
    node.closeAllConnections();
  });

  it('inside Hono, as inside any framework of requests and responses', async () => {
    const handler = createHandler({ host: server.host, root: server.root, models: { brief } });
    const app = new Hono().all('*', (c) => handler.fetch(c.req.raw));
    expect((await app.request('http://localhost/v1/models')).status).toBe(200);
    await handler[Symbol.asyncDispose]();
  });
});
