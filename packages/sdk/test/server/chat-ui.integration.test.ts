/** The chat of `@ai-sdk/react` 3 with the transport of `ai` 6 against the server: send, stop, resume, cancel, kill. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Chat } from '@ai-sdk/react';
import { DefaultChatTransport, type UIMessage } from 'ai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  FileStreamStore,
  MemoryStreamStore,
  type RunningServer,
  type ServeSettings,
  type StreamStore,
  serve,
} from '../../src/server/index.js';
import type { StoredStream, StreamEnd } from '../../src/server/ui/stream-store.js';
import { scriptedModel } from '../../src/testing/index.js';
import { eventData, type TestServer, temporaryFolder, testServer, until } from './fixtures.js';
import { scriptedParts } from './scripted-parts.js';

const words = 'word '.repeat(400).trim();
const slow = scriptedModel([words], { wordDelayMs: 1, specification: 'v3' });
const endless = scriptedModel(['word '.repeat(100_000)], { wordDelayMs: 1, specification: 'v3' });
const quick = scriptedModel(['The answer is 42.'], { specification: 'v3' });
const unified = scriptedParts([{ type: 'text', text: 'x' }], 'stop');

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const textOf = (message: UIMessage | undefined) =>
  (message?.parts ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('');

const chatAt = (url: string, id: string, messages: UIMessage[] = []) =>
  new Chat<UIMessage>({ id, messages, transport: new DefaultChatTransport({ api: `${url}/api/chat` }) });

async function withServer(
  streamStore: StreamStore,
  run: (running: RunningServer) => Promise<void>,
  settings: Partial<ServeSettings> = {},
): Promise<void> {
  const running = await serve({
    host: server.host,
    root: server.root,
    port: 0,
    model: 'slow',
    models: { slow, endless, quick, unified, nano: 'nano' },
    streamStore,
    ...settings,
  });
  try {
    await run(running);
  } finally {
    await running.close({ drainMs: 0 });
  }
}

const stores: [string, () => Promise<StreamStore>][] = [
  ['memory', async () => new MemoryStreamStore()],
  ['files', async () => new FileStreamStore({ folder: await temporaryFolder() })],
];

describe.each(stores)('a chat whose streams are kept in %s', (_, makeStore) => {
  it('answers, and knows the model that is named', async () => {
    await withServer(await makeStore(), async ({ url }) => {
      const chat = chatAt(url, 'answers');
      await chat.sendMessage({ text: 'Hello' }, { body: { model: 'quick' } });
      expect(chat.status).toBe('ready');
      expect(textOf(chat.messages.at(-1))).toBe('The answer is 42.');
      expect(chat.messages.at(-1)!.id).toMatch(/^msg_/);
      await chat.regenerate({ body: { model: 'quick' } });
      expect(chat.messages).toHaveLength(2);
      // Nothing runs any more.
      expect((await fetch(`${url}/api/chat/answers/stream`)).status).toBe(204);
    });
  });

  it('goes on without its client, and is resumed from its beginning', async () => {
    await withServer(await makeStore(), async ({ url }) => {
      const chat = chatAt(url, 'resumed');
      void chat.sendMessage({ text: 'Hello' });
      await until(() => textOf(chat.messages.at(-1)).length > 20);
      await chat.stop();
      const seen = textOf(chat.messages.at(-1));
      expect(seen.length).toBeLessThan(words.length);
      const reloaded = chatAt(url, 'resumed', chat.messages.slice(0, 1));
      await reloaded.resumeStream();
      expect(textOf(reloaded.messages.at(-1))).toBe(words);
      expect(reloaded.messages.at(-1)!.id).toBe(chat.messages.at(-1)!.id);
    });
  });

  it('is resumed after its end, until somebody has read it to there', async () => {
    await withServer(await makeStore(), async ({ url, handler }) => {
      const chat = chatAt(url, 'away');
      void chat.sendMessage({ text: 'Hello' });
      await until(() => textOf(chat.messages.at(-1)).length > 20);
      await chat.stop();
      await until(() => handler.calls.running === 0);
      const resume = () => handler.fetch(new Request('http://localhost/api/chat/away/stream'));
      const reader = (await resume()).body!.getReader();
      await reader.read();
      await reader.cancel();
      const reloaded = chatAt(url, 'away', chat.messages.slice(0, 1));
      await reloaded.resumeStream();
      expect(textOf(reloaded.messages.at(-1))).toBe(words);
      expect(reloaded.messages.at(-1)!.id).toBe(chat.messages.at(-1)!.id);
      expect((await resume()).status).toBe(204);
    });
  });

  it('is read to its end by a client that leaves with the last frame', async () => {
    await withServer(await makeStore(), async ({ handler }) => {
      const send = (path: string, init?: RequestInit) =>
        handler.fetch(new Request(`http://localhost${path}`, init));
      const reader = (await send('/api/chat', message('leaves', { model: 'quick' }))).body!.getReader();
      const decoder = new TextDecoder();
      for (let frame = ''; !frame.includes('[DONE]'); ) frame = decoder.decode((await reader.read()).value);
      await reader.cancel();
      expect((await send('/api/chat/leaves/stream')).status).toBe(204);
    });
  });

  it('that was stopped is not resumed, though nobody read its end', async () => {
    await withServer(await makeStore(), async ({ url }) => {
      const chat = chatAt(url, 'stopped');
      void chat.sendMessage({ text: 'Hello' });
      await until(() => textOf(chat.messages.at(-1)).length > 20);
      await chat.stop();
      await fetch(`${url}/api/chat/stopped/cancel`, { method: 'POST' });
      expect((await fetch(`${url}/api/chat/stopped/stream`)).status).toBe(204);
    });
  });

  it("is its caller's own: whoever has another key meets none of it", async () => {
    await withServer(
      await makeStore(),
      async ({ url }) => {
        const send = (key: string, path: string, init: { method?: string; headers?: object } = {}) =>
          fetch(url + path, { ...init, headers: { ...init.headers, authorization: `Bearer ${key}` } });
        const alice = await send('alice', '/api/chat', message('same'));
        expect((await send('bob', '/api/chat/same/stream')).status).toBe(204);
        const cancel = await send('bob', '/api/chat/same/cancel', { method: 'POST' });
        expect(await cancel.json()).toEqual({ id: 'same', cancelled: false });
        await (await send('bob', '/api/chat', message('same', { model: 'quick' }))).text();
        const again = await send('alice', '/api/chat/same/stream');
        const text = await alice.text();
        expect(text).not.toContain('"abort"');
        expect(await again.text()).toBe(text);
      },
      { apiKeys: ['alice', 'bob'] },
    );
  });

  it('is resumed byte for byte, by any number of clients', async () => {
    await withServer(await makeStore(), async ({ url }) => {
      const first = await post(url, 'bytes');
      const whole = first.text();
      const others = await Promise.all(
        [1, 2, 3].map(async () => (await fetch(`${url}/api/chat/bytes/stream`)).text()),
      );
      for (const other of others) expect(other).toBe(await whole);
      expect((await whole).endsWith('data: [DONE]\n\n')).toBe(true);
    });
  });

  it('is ended by a cancel, which frees the model; a disconnect ends nothing', async () => {
    await withServer(await makeStore(), async ({ url, handler }) => {
      const chat = chatAt(url, 'cancelled');
      void chat.sendMessage({ text: 'Hello' });
      await until(() => textOf(chat.messages.at(-1)).length > 20);
      await chat.stop();
      expect(handler.calls.running).toBe(1);
      const resumed = (await fetch(`${url}/api/chat/cancelled/stream`)).text();
      const cancelled = await fetch(`${url}/api/chat/cancelled/cancel`, { method: 'POST' });
      expect(await cancelled.json()).toEqual({ id: 'cancelled', cancelled: true });
      expect(await resumed).toContain('data: {"type":"abort"');
      expect(slow.calls.at(-1)!.abortSignal!.aborted).toBe(true);
      await until(() => handler.calls.running === 0);
      expect((await fetch(`${url}/api/chat/cancelled/stream`)).status).toBe(204);
      const again = await fetch(`${url}/api/chat/cancelled/cancel`, { method: 'POST' });
      expect(await again.json()).toEqual({ id: 'cancelled', cancelled: false });
    });
  });

  it('has one answer at a time: a new message ends the one that runs', async () => {
    await withServer(await makeStore(), async ({ url, handler }) => {
      const first = (await post(url, 'one')).text();
      const second = await post(url, 'one', { model: 'quick' });
      expect(await second.text()).toContain('answer');
      expect(await first).toContain('"abort"');
      await until(() => handler.calls.running === 0);
    });
  });

  it('is ended by its next message, which gets its place where there is one place', async () => {
    await withServer(
      await makeStore(),
      async ({ url }) => {
        const calls = endless.calls.length;
        const first = (await post(url, 'only', { model: 'endless' })).text();
        await until(() => endless.calls.length > calls);
        // What is refused ends nothing.
        expect((await post(url, 'only', { model: 'other' })).status).toBe(404);
        expect(endless.calls.at(-1)!.abortSignal!.aborted).toBe(false);
        const second = await post(url, 'only', { model: 'quick' });
        expect(await second.text()).toContain('answer');
        expect(await first).toContain('"abort"');
      },
      { maxConcurrent: 1 },
    );
  });

  it('goes on where the message after it is refused for want of a place', async () => {
    await withServer(
      await makeStore(),
      async ({ url }) => {
        const calls = endless.calls.length;
        const first = (await post(url, 'full', { model: 'endless' })).text();
        await until(() => endless.calls.length > calls);
        expect((await post(url, 'full', { model: 'quick' })).status).toBe(429);
        expect(endless.calls.at(-1)!.abortSignal!.aborted).toBe(false);
        await fetch(`${url}/api/chat/full/cancel`, { method: 'POST' });
        expect(await first).toContain('"abort"');
        expect(await (await post(url, 'full', { model: 'quick' })).text()).toContain('answer');
      },
      { maxConcurrent: 1, maxQueued: 0 },
    );
  });

  it('ends when the server closes, with an end that its client understands', async () => {
    let text: Promise<string> | undefined;
    await withServer(await makeStore(), async ({ url }) => {
      text = (await post(url, 'closing')).text();
    });
    expect(await text).toMatch(/"type":"(abort|error)".*\n\ndata: \[DONE\]\n\n$/s);
  });
});

const message = (id: string, fields: object = { model: 'slow' }) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    id,
    trigger: 'submit-message',
    messages: [{ id: 'm1', role: 'user', parts: [{ type: 'text', text: 'Hello' }] }],
    ...fields,
  }),
});

const post = (url: string, id: string, fields?: object) => fetch(`${url}/api/chat`, message(id, fields));

describe('a chat', () => {
  it('sends the headers and chunks of the protocol', async () => {
    await withServer(new MemoryStreamStore(), async ({ url }) => {
      const response = await post(url, 'headers', { model: 'quick' });
      expect(response.headers.get('x-vercel-ai-ui-message-stream')).toBe('v1');
      expect(response.headers.get('content-type')).toBe('text/event-stream');
      const types = (await eventData(response))
        .slice(0, -1)
        .map((data) => (JSON.parse(data) as { type: string }).type);
      expect(new Set(types)).toEqual(
        new Set([
          'start',
          'start-step',
          'text-start',
          'text-delta',
          'text-end',
          'finish-step',
          'data-trivium-usage',
          'finish',
        ]),
      );
    });
  });

  it('runs on the model of the host, with settings and tools of the page', async () => {
    await withServer(new MemoryStreamStore(), async ({ url }) => {
      const response = await post(url, 'own', { model: 'nano', maxOutputTokens: 4, temperature: 0, seed: 1 });
      expect(
        (await eventData(response)).filter((data) => data.includes('text-delta')).length,
      ).toBeGreaterThan(0);
      await (
        await post(url, 'tools', {
          model: 'quick',
          system: 'Be brief.',
          tools: { weather: { inputSchema: { type: 'object' } } },
        })
      ).text();
      expect(quick.calls.at(-1)).toMatchObject({
        tools: [{ name: 'weather' }],
        prompt: [{ role: 'system', content: 'Be brief.' }, {}],
      });
    });
  });

  it.each([
    ['no messages', { messages: [] }, 400, 'invalid-argument'],
    [
      'what is no message',
      { messages: [{ id: 'm', role: 'user', parts: [{ type: 'text' }] }] },
      400,
      'invalid-argument',
    ],
    [
      'a file to be fetched',
      {
        messages: [
          {
            id: 'm',
            role: 'user',
            parts: [{ type: 'file', mediaType: 'image/png', url: 'http://169.254.169.254/' }],
          },
        ],
      },
      400,
      'unsupported',
    ],
    ['a model that is not there', { model: 'other' }, 404, 'not-found'],
  ])('refuses %s before it streams', async (_name, fields, status, code) => {
    await withServer(new MemoryStreamStore(), async ({ url }) => {
      const response = await post(url, 'refused', fields);
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ error: { code } });
    });
  });

  it('tells a failure of the model as a part, which the client shows', async () => {
    await withServer(new MemoryStreamStore(), async ({ url }) => {
      // `ai` 6 takes no model of the newest specification.
      const chat = chatAt(url, 'failing');
      await chat.sendMessage({ text: 'Hello' }, { body: { model: 'unified' } });
      expect(chat.status).toBe('error');
      expect(chat.error!.message).toContain('version');
    });
  });
});

describe('a chat of several servers that keep streams in one folder', () => {
  it('is resumed, cancelled and gone on with through any of them', async () => {
    const folder = await temporaryFolder();
    await withServer(new FileStreamStore({ folder }), async (one) => {
      await withServer(new FileStreamStore({ folder }), async (other) => {
        const first = (await post(one.url, 'shared', { model: 'endless' })).text();
        const resumed = (await fetch(`${other.url}/api/chat/shared/stream`)).text();
        const cancel = async ({ url }: RunningServer) =>
          (await fetch(`${url}/api/chat/shared/cancel`, { method: 'POST' })).json();
        expect(await cancel(other)).toEqual({ id: 'shared', cancelled: true });
        expect((await fetch(`${one.url}/api/chat/shared/stream`)).status).toBe(204);
        for (const text of [first, resumed]) expect(await text).toContain('data: {"type":"abort"');
        await until(() => one.handler.calls.running === 0);
        expect(endless.calls.at(-1)!.abortSignal!.aborted).toBe(true);
        expect(await cancel(other)).toEqual({ id: 'shared', cancelled: false });

        const left = (await post(one.url, 'shared', { model: 'endless' })).text();
        const next = await post(other.url, 'shared', { model: 'slow' });
        const again = (await fetch(`${one.url}/api/chat/shared/stream`)).text();
        expect(await left).toContain('data: {"type":"abort"');
        expect(await again).toBe(await next.text());
      });
    });
  });
});

describe('a store of the caller', () => {
  const get = (path: string) => new Request(`http://localhost${path}`);
  const stored = (change: (stream: StoredStream) => void): StreamStore => {
    const memory = new MemoryStreamStore();
    const changed = <Stream extends StoredStream | undefined>(stream: Stream) => {
      if (stream) change(stream);
      return stream;
    };
    return {
      create: async (key) => changed(await memory.create(key)),
      find: async (key) => changed(await memory.find(key)),
    };
  };

  it('need not forget', async () => {
    await withServer(
      stored((stream) => Object.assign(stream, { forget: undefined })),
      async ({ url, handler }) => {
        const chat = chatAt(url, 'kept');
        await chat.sendMessage({ text: 'Hello' });
        expect([chat.status, textOf(chat.messages.at(-1))]).toEqual(['ready', words]);
        expect(await (await handler.fetch(get('/api/chat/kept/stream'))).text()).toContain('[DONE]');
      },
    );
  });

  it('whose stream cannot be read for once tells so, and keeps it', async () => {
    let failures = 1;
    const unreadable = stored((stream) => {
      const read = stream.read.bind(stream);
      stream.read = async function* (signal): AsyncGenerator<string, StreamEnd, void> {
        failures -= 1;
        if (failures === 0) throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
        return yield* read(signal);
      };
    });
    await withServer(unreadable, async ({ handler }) => {
      const sent = await handler.fetch(new Request(get('/api/chat'), message('busy', { model: 'quick' })));
      expect(await sent.text()).toMatch(/"type":"error".*\n\ndata: \[DONE\]\n\n$/s);
      const again = await (await handler.fetch(get('/api/chat/busy/stream'))).text();
      expect(again).toContain('answer');
      expect(again).not.toContain('"type":"error"');
      expect((await handler.fetch(get('/api/chat/busy/stream'))).status).toBe(204);
    });
  });
});

describe('a server that is killed', () => {
  const children: ChildProcess[] = [];
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  async function start(folder: string): Promise<{ child: ChildProcess; url: string }> {
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('./chat-server.mjs', import.meta.url)), folder],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    children.push(child);
    const [url] = (await once(createInterface(child.stdout!), 'line')) as [string];
    return { child, url };
  }

  it('leaves what its clients were given: the next one replays it to the byte, and ends it with an error', async () => {
    const folder = await temporaryFolder();
    const { child, url } = await start(folder);
    const response = await post(url, 'killed');
    let seen = '';
    const decoder = new TextDecoder();
    const reading = (async () => {
      for await (const bytes of response.body!) seen += decoder.decode(bytes, { stream: true });
    })().catch(() => {});
    await until(() => seen.length > 2000);
    child.kill('SIGKILL');
    await reading;
    const again = await start(folder);
    const replays = await Promise.all(
      [1, 2].map(async () => (await fetch(`${again.url}/api/chat/killed/stream`)).text()),
    );
    expect(replays[0]).toBe(replays[1]);
    expect(replays[0]!.startsWith(seen)).toBe(true);
    expect(replays[0]).toMatch(/data: \{"type":"error","errorText":"[^"]+"\}\n\ndata: \[DONE\]\n\n$/);
    const chat = chatAt(again.url, 'killed');
    await chat.resumeStream();
    expect(chat.status).toBe('error');
    expect(textOf(chat.messages.at(-1))).toContain('word word');
    // The chat goes on.
    expect(await (await post(again.url, 'killed', { model: 'quick' })).text()).toContain('answer');
    expect((await fetch(`${again.url}/api/chat/killed/stream`)).status).toBe(204);
    expect(await readdir(folder)).toEqual([]);
  });
});
