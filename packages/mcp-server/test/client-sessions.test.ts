/** A server that no longer knows the session: the client begins another and says what was refused again, and only that. */

import { connectMcp } from '@trivium/mcp-server/client';
import { expect, it, onTestFinished } from 'vitest';
import { createMcpFetch } from '../src/http/mcp-fetch.js';
import { textBlock } from '../src/surface/content.js';
import type { McpSurface } from '../src/surface/surface.js';

const said = (text: string) => ({ content: [textBlock(text)], isError: false });

async function kitchen() {
  const log: string[] = [];
  const surface = (tools: string[]): McpSurface => ({
    name: 'kitchen',
    version: '1',
    tools: tools.map((name) => ({
      name,
      description: name,
      inputSchema: { type: 'object' },
      run: (_input, { signal }) => {
        log.push(name);
        if (name !== 'hang') return Promise.resolve(said(name));
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
        );
      },
    })),
  });
  let mcp = createMcpFetch({ surface: surface(['steep', 'hang']) });
  /** Answers instead of the server. */
  let intercept: ((method: string) => Promise<Response> | Response | undefined) | undefined;
  const fetch = async (input: string | URL | Request, init?: RequestInit) => {
    const request = new Request(input, init);
    const { method = request.method } =
      request.method === 'POST' ? ((await request.clone().json()) as { method?: string }) : {};
    log.push(method);
    return (await intercept?.(method)) ?? mcp.fetch(request);
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
      mcp = createMcpFetch({ surface: surface(tools) });
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

it('a call that the lost session had taken fails, and is not run again', async () => {
  const { call, count, log, restart } = await kitchen();
  const taken = call('hang');
  await expect.poll(() => log.includes('hang')).toBe(true);
  const failed = expect(taken).rejects.toMatchObject({
    code: 'network',
    message: expect.stringContaining('session ended'),
  });
  await restart();
  await call('steep');
  await failed;
  expect(count('hang')).toBe(0);
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
  const { call, count, restart, intercept } = await kitchen();
  await restart();
  intercept((method) => (method === 'initialize' ? new Response('', { status: 503 }) : undefined));
  await expect(call('steep')).rejects.toMatchObject({ code: 'busy' });
  intercept((method) => (method === 'tools/call' ? new Response('', { status: 404 }) : undefined));
  await expect(call('steep')).rejects.toMatchObject({ code: 'not-found' });
  expect(count('initialize')).toBe(2);
  intercept(undefined);
  expect(await call('steep')).toEqual({ content: [textBlock('steep')] });
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
