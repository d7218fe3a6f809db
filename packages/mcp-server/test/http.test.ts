/** Streamable HTTP: who may call, what is too much, sessions that end, streams that are taken up again, shutdown. */
import { setTimeout as sleep } from 'node:timers/promises';
import { TriviumError } from '@trivium/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { createMcpFetch, type McpFetch, type McpFetchSettings } from '../src/http/mcp-fetch.js';
import { serveHttp } from '../src/http/serve-http.js';
import { textBlock } from '../src/surface/content.js';
import type { McpSurface } from '../src/surface/surface.js';

let release: (() => void) | undefined;
const surface: McpSurface = {
  name: 'test',
  version: '1',
  tools: [
    {
      name: 'wait',
      description: 'Closes its stream and waits until it is released.',
      inputSchema: { type: 'object' },
      async run(_input, { closeStream }) {
        const released = new Promise<void>((resolve) => {
          release = resolve;
        });
        closeStream?.();
        await released;
        return { content: [textBlock('released')], isError: false };
      },
    },
  ],
};

let mcp: McpFetch | undefined;
const serve = (settings: Partial<McpFetchSettings> = {}) => {
  mcp = createMcpFetch({ surface, ...settings });
  return mcp;
};
afterEach(async () => {
  await mcp?.close();
  mcp = undefined;
});

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  },
};
const base = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': '2025-11-25',
};
const post = (server: McpFetch, body: unknown, headers: Record<string, string> = {}) =>
  server.fetch(
    new Request('http://localhost/mcp', {
      method: 'POST',
      headers: { ...base, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  );

async function begin(server: McpFetch, headers: Record<string, string> = {}): Promise<string> {
  const response = await post(server, initialize, headers);
  expect(response.status).toBe(200);
  await response.text();
  return response.headers.get('mcp-session-id')!;
}

describe('who calls', () => {
  it.each([
    [{ host: 'evil.example' }, 403],
    [{ host: 'evil.example:7475' }, 403],
    [{ host: 'localhost.evil.example' }, 403],
    [{ host: 'localhost@evil.example' }, 403],
    [{ origin: 'http://evil.example' }, 403],
    [{ origin: 'http://localhost.evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ host: 'localhost:7475', origin: 'http://localhost:3000' }, 200],
    [{ host: '127.0.0.1' }, 200],
    [{ host: '[::1]:80' }, 200],
  ] as [Record<string, string>, number][])('%j is answered %i', async (headers, status) => {
    const response = await post(serve(), initialize, headers);
    expect(response.status).toBe(status);
    if (status !== 200) {
      const { error } = (await response.json()) as { error: { data: { code: string; remedy: string } } };
      expect(error.data).toMatchObject({ code: 'forbidden', remedy: expect.any(String) });
    }
  });

  it('may be another name or page where it is allowed, and a browser is told so', async () => {
    const server = serve({ allowedHosts: ['mcp.example'], allowedOrigins: ['https://app.example'] });
    const headers = { host: 'mcp.example', origin: 'https://app.example' };
    const response = await post(server, initialize, headers);
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(response.headers.get('access-control-expose-headers')).toContain('mcp-session-id');
    const preflight = new Request('http://mcp.example/mcp', { method: 'OPTIONS', headers });
    expect((await server.fetch(preflight)).status).toBe(204);
    expect((await post(server, initialize, { host: 'localhost' })).status).toBe(403);
  });

  it.each([
    [undefined, 401],
    ['Bearer wrong', 401],
    ['Bearer secre', 401],
    ['Bearer secret2', 401],
    ['Basic secret', 401],
    ['secret', 401],
    ['Bearer secret', 200],
    ['bearer secret', 200],
  ])('with the token %j is answered %i', async (authorization, status) => {
    const server = serve({ token: 'secret' });
    const response = await post(server, initialize, authorization === undefined ? {} : { authorization });
    expect(response.status).toBe(status);
    if (status === 401) expect(response.headers.get('www-authenticate')).toBe('Bearer');
  });

  it.each([
    ['secret\n', 'Bearer secret'],
    [' secret ', 'Bearer secret '],
    ['two words', 'Bearer two words'],
  ])('the token %j is what headers keep of it', async (token, authorization) => {
    const server = serve({ token });
    expect((await post(server, initialize, { authorization })).status).toBe(200);
    expect((await post(server, initialize, { authorization: 'Bearer two' })).status).toBe(401);
  });

  it.each(['', ' \n'])('the token %j is none, and refused', async (token) => {
    const refused = { code: 'invalid-argument', field: 'token', remedy: expect.any(String) };
    expect(() => serve({ token })).toThrow(expect.objectContaining(refused));
    await expect(serveHttp({ surface, port: 0, token })).rejects.toMatchObject(refused);
  });
});

describe('what is sent', () => {
  it.each([
    ['{', 400, -32700],
    ['', 400, -32700],
    ['\ud800{"jsonrpc"', 400, -32700],
    ['"text"', 400, undefined],
    ['null', 400, undefined],
    ['[]', 400, undefined],
    ['{"jsonrpc":"1.0","id":1,"method":"initialize"}', 400, undefined],
    ['{"jsonrpc":"2.0","id":{},"method":"initialize"}', 400, undefined],
    ['[[[[[]]]]]', 400, undefined],
    [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 400, undefined],
  ])('%.40s is refused with %i', async (body, status, number) => {
    const response = await post(serve(), body);
    expect(response.status).toBe(status);
    const { error } = (await response.json()) as { error: { code: number } };
    if (number !== undefined) expect(error.code).toBe(number);
  });

  it('is not larger than allowed, whatever it claims', async () => {
    const server = serve({ maxBodyBytes: 1000 });
    const large = JSON.stringify({ ...initialize, padding: 'x'.repeat(2000) });
    expect((await post(server, large)).status).toBe(413);
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(100));
      },
    });
    const init = { method: 'POST', headers: base, body: endless, duplex: 'half' };
    expect((await server.fetch(new Request('http://localhost/mcp', init as RequestInit))).status).toBe(413);
    expect(pulled).toBeLessThan(20);
  });

  it('is JSON, by a method that MCP has', async () => {
    const server = serve();
    expect((await post(server, initialize, { 'content-type': 'text/plain' })).status).toBe(415);
    const put = new Request('http://localhost/mcp', { method: 'PUT', body: '{}' });
    expect((await server.fetch(put)).status).toBe(405);
  });
});

describe('a session', () => {
  it('is wanted by every request but the first', async () => {
    const server = serve();
    const call = { jsonrpc: '2.0', id: 2, method: 'tools/list' };
    expect((await post(server, call)).status).toBe(400);
    expect((await post(server, call, { 'mcp-session-id': 'made-up' })).status).toBe(404);
    const id = await begin(server);
    expect((await post(server, call, { 'mcp-session-id': id })).status).toBe(200);
    const end = new Request('http://localhost/mcp', {
      method: 'DELETE',
      headers: { ...base, 'mcp-session-id': id },
    });
    expect((await server.fetch(end)).status).toBe(200);
    expect((await post(server, call, { 'mcp-session-id': id })).status).toBe(404);
  });

  /** The stream on which a session listens: who has one is at work. */
  async function listen(server: McpFetch, id: string): Promise<Response> {
    const headers = { ...base, 'mcp-session-id': id };
    const stream = await server.fetch(new Request('http://localhost/mcp', { headers }));
    expect(stream.status).toBe(200);
    return stream;
  }

  async function list(server: McpFetch, id: string): Promise<number> {
    const listing = { jsonrpc: '2.0', id: 2, method: 'tools/list' };
    const response = await post(server, listing, { 'mcp-session-id': id });
    await response.text();
    return response.status;
  }

  it('is one of so many', async () => {
    const server = serve({ sessions: { max: 2 } });
    const streams = [await listen(server, await begin(server))];
    const second = await begin(server);
    streams.push(await listen(server, second));
    const refused = await post(server, initialize);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBeTruthy();
    const headers = { ...base, 'mcp-session-id': second };
    await server.fetch(new Request('http://localhost/mcp', { method: 'DELETE', headers }));
    await begin(server);
    for (const stream of streams) await stream.body!.cancel();
  });

  it('gives way to a new one where nobody uses it, the one that was left first', async () => {
    const server = serve({ sessions: { max: 3 } });
    const [busy, used, left] = [await begin(server), await begin(server), await begin(server)];
    const stream = await listen(server, busy);
    await sleep(5);
    expect(await list(server, used)).toBe(200);
    const begun = await begin(server);
    expect(await list(server, left)).toBe(404);
    for (const id of [busy, used, begun]) expect(await list(server, id)).toBe(200);
    const both = await Promise.all([begin(server), begin(server)]);
    for (const id of [busy, ...both]) expect(await list(server, id)).toBe(200);
    await stream.body!.cancel();
  });

  it('that the transport refuses takes no place', async () => {
    const server = serve({ sessions: { max: 1 } });
    expect((await post(server, initialize, { accept: 'text/html' })).status).toBe(406);
    await begin(server);
  });

  it('ends when nobody uses it, and not while somebody listens', async () => {
    const server = serve({ sessions: { idleMs: 60 } });
    const idle = await begin(server);
    const busy = await begin(server);
    const stream = await listen(server, busy);
    await sleep(400);
    expect(await list(server, idle)).toBe(404);
    expect(await list(server, busy)).toBe(200);
    await stream.body!.cancel();
  });

  it('takes up a stream where it broke off', async () => {
    const server = serve();
    const id = await begin(server);
    const call = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'wait', arguments: {} } };
    const response = await post(server, call, { 'mcp-session-id': id });
    const first = await response.text();
    expect(first).not.toContain('released');
    const lastEventId = /^id: (\S+)$/m.exec(first)![1]!;
    expect(first).toMatch(/^retry: \d+$/m);
    release!();
    await sleep(20);
    const headers = { ...base, 'mcp-session-id': id, 'last-event-id': lastEventId };
    const resumed = await server.fetch(new Request('http://localhost/mcp', { headers }));
    const reader = resumed.body!.getReader();
    const { value } = await reader.read();
    expect(new TextDecoder().decode(value)).toContain('released');
    await reader.cancel();
    const forgotten = { ...headers, 'last-event-id': '999_x' };
    const refused = await server.fetch(new Request('http://localhost/mcp', { headers: forgotten }));
    expect(refused.status).toBe(400);
  });
});

describe('a server', () => {
  it('listens beyond this machine only with a token', async () => {
    await expect(serveHttp({ surface, host: '0.0.0.0', port: 0 })).rejects.toBeInstanceOf(TriviumError);
    const server = await serveHttp({ surface, host: '0.0.0.0', port: 0, token: 'secret' });
    const { port } = new URL(server.url);
    const open = await fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST', body: '{}' });
    expect(open.status).toBe(401);
    await server.close();
  });

  it.skipIf(process.platform !== 'linux')('may be called by the address that it listens on', async () => {
    const server = await serveHttp({ surface, host: '127.0.0.2', port: 0 });
    const begun = await fetch(server.url, {
      method: 'POST',
      headers: base,
      body: JSON.stringify(initialize),
    });
    expect([begun.status, new URL(server.url).hostname]).toEqual([200, '127.0.0.2']);
    await begun.text();
    await server.close();
  });

  it("leaves the process's own Request and Response as they are", async () => {
    const { Request: ownRequest, Response: ownResponse } = globalThis;
    const server = await serveHttp({ surface, port: 0 });
    expect([globalThis.Request, globalThis.Response]).toEqual([ownRequest, ownResponse]);
    await server.close();
  });

  it('answers at one path, and ends its streams when it is closed', async () => {
    const server = await serveHttp({ surface, port: 0 });
    expect((await fetch(new URL('/', server.url))).status).toBe(404);
    const begun = await fetch(server.url, {
      method: 'POST',
      headers: base,
      body: JSON.stringify(initialize),
    });
    const id = begun.headers.get('mcp-session-id')!;
    await begun.text();
    const stream = await fetch(server.url, { headers: { ...base, 'mcp-session-id': id } });
    const ended = stream.text();
    await server.close();
    expect(await ended).toBe('');
    await expect(fetch(server.url)).rejects.toThrow();
  });
});
