/** Streams of sessions: taken up again where they broke, over when they are, and what is kept of them. */
import { afterEach, describe, expect, it } from 'vitest';
import { cancelledAnswer, MemoryEventStore } from '../src/http/event-store.js';
import { createMcpFetch, type McpFetch } from '../src/http/mcp-fetch.js';
import { textBlock } from '../src/surface/content.js';
import type { McpSurface } from '../src/surface/surface.js';

let release = () => {};
const surface: McpSurface = {
  name: 'test',
  version: '1',
  tools: [
    {
      name: 'wait',
      description: 'Waits until it is released.',
      inputSchema: { type: 'object' },
      run: ({ characters = 4 }, { signal }) =>
        new Promise((resolve, reject) => {
          const data = 'A'.repeat(Number(characters));
          const image = { type: 'image' as const, data, mimeType: 'image/png' };
          release = () => resolve({ content: [textBlock('released'), image], isError: false });
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    },
  ],
};

let mcp: McpFetch;
afterEach(() => mcp.close());

const base = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': '2025-11-25',
};

/** A session of a client that holds the wire in its own hands. */
async function session(settings: { eventBytes?: number } = {}) {
  mcp = createMcpFetch({ surface, sessions: settings });
  const ask = (method: string, headers: Record<string, string>, body?: object) =>
    mcp.fetch(
      new Request('http://localhost/mcp', {
        method,
        headers: { ...base, ...headers },
        ...(body && { body: JSON.stringify({ jsonrpc: '2.0', ...body }) }),
      }),
    );
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  };
  const begun = await ask('POST', {}, { id: 1, method: 'initialize', params });
  await begun.text();
  const id = { 'mcp-session-id': begun.headers.get('mcp-session-id')! };
  return {
    post: (body: object) => ask('POST', id, body),
    listen: (lastEventId?: string) =>
      ask('GET', { ...id, ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) }),
    wait: (given = {}) =>
      ask('POST', id, { id: 7, method: 'tools/call', params: { name: 'wait', arguments: given } }),
  };
}

/** The id of the first event, read from a stream that stays open. */
async function firstId(response: Response) {
  const reader = response.body!.getReader();
  const { value } = await reader.read();
  return { id: /^id: (\S+)$/m.exec(new TextDecoder().decode(value))![1]!, reader };
}

describe('a stream', () => {
  it('is handed to the client that comes back while the old connection seems alive', async () => {
    const { wait, listen } = await session();
    const { id, reader } = await firstId(await wait());
    const resumed = await listen(id);
    expect(resumed.status).toBe(200);
    expect((await reader.read()).done).toBe(true);
    release();
    const text = await resumed.text();
    expect(text).toContain('released');
    // What a client takes up again, should this connection break as well.
    expect(text).toMatch(new RegExp(`^id: ${id}\\n`));
  });

  it('has the answer for whoever comes back, however large it is', async () => {
    const { wait, listen } = await session({ eventBytes: 1000 });
    const { id, reader } = await firstId(await wait({ characters: 5000 }));
    await reader.cancel();
    release();
    await expect.poll(async () => (await listen(id)).text()).toContain('released');
  });

  it('is over once its answer was heard, an error too, or the request cancelled', async () => {
    const { post, wait, listen } = await session();
    const unknown = { name: 'none', arguments: {} };
    const failed = await (await post({ id: 2, method: 'tools/call', params: unknown })).text();
    const [primingId, errorId] = [...failed.matchAll(/^id: (\S+)$/gm)].map(([, id]) => id!);
    expect((await listen(errorId)).status).toBe(204);
    expect(await (await listen(primingId)).text()).toContain('"error"');
    const { id, reader } = await firstId(await wait());
    const cancelled = { method: 'notifications/cancelled', params: { requestId: 7 } };
    expect((await post(cancelled)).status).toBe(202);
    expect((await reader.read()).done).toBe(true);
    expect((await listen(id)).status).toBe(204);
  });

  it('to listen to takes the place of the one before', async () => {
    const { listen } = await session();
    const first = await listen();
    const second = await listen();
    expect(second.status).toBe(200);
    expect(await first.text()).toBe('');
    await second.body!.cancel();
  });
});

describe('events that are kept', () => {
  const note = { jsonrpc: '2.0' as const, method: 'x' };
  const answer = { jsonrpc: '2.0' as const, id: 1, result: {} };

  it('are bounded by count and by bytes, the oldest forgotten and the newest never', async () => {
    const store = new MemoryEventStore({ maxBytes: 10_000, maxEvents: 3 });
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) ids.push(await store.storeEvent('a', note));
    expect(store.after(ids[0]!)).toBeUndefined();
    const sent: string[] = [];
    await store.storeEvent('b', note);
    await store.replayEventsAfter(ids[3]!, { send: async (id) => void sent.push(id) });
    expect(sent).toEqual([ids[4]]);
    const huge = await store.storeEvent('a', { ...note, params: { text: 'x'.repeat(20_000) } });
    expect(store.after(ids[4]!)?.events.map(({ id }) => id)).toEqual([huge]);
    expect(store.after(ids[3]!)).toBeUndefined();
  });

  it('are none of a stream that is over and forgotten, or never was', async () => {
    const store = new MemoryEventStore({ maxBytes: 10_000, maxEvents: 1 });
    const heard = await store.storeEvent('a', answer);
    expect(store.after(heard)).toEqual({ streamId: 'a', events: [], isOver: true });
    const open = await store.storeEvent('b', note);
    expect(store.after(heard)).toBeUndefined();
    expect(store.after(open)).toEqual({ streamId: 'b', events: [], isOver: false });
    for (const made of ['', 'x', '0_b', '1.5_', '99_b', '-1_b']) expect(store.after(made)).toBeUndefined();
  });

  it('do not tell of the end of what was cancelled', async () => {
    const store = new MemoryEventStore({ maxBytes: 10_000, maxEvents: 10 });
    const first = await store.storeEvent('a', note);
    await store.storeEvent('a', cancelledAnswer(1));
    expect(store.after(first)).toEqual({ streamId: 'a', events: [], isOver: true });
  });
});
