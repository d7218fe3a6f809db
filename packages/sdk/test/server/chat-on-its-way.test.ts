/** Messages of `/api/chat` whose answers have not begun: whoever leaves loses none, whoever cancels ends them, and what is refused ends nothing. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryStreamStore } from '../../src/server/index.js';
import { type Answer, ChatStreams } from '../../src/server/ui/chat-streams.js';
import { scriptedModel } from '../../src/testing/index.js';
import { eventData, type TestServer, testServer, until } from './fixtures.js';

const endless = scriptedModel(['word '.repeat(100_000)], { wordDelayMs: 1, specification: 'v3' });
const quick = scriptedModel(['The answer is 42.'], { specification: 'v3' });

let server: TestServer;
beforeEach(async () => {
  server = await testServer({ models: { endless, quick }, maxConcurrent: 1, maxQueued: 1 });
});
afterEach(() => server[Symbol.asyncDispose]());

const messages = [{ id: 'm1', role: 'user', parts: [{ type: 'text', text: 'Hello' }] }];
const send = (id: string, model = 'quick', signal?: AbortSignal) =>
  server.post('/api/chat', { id, trigger: 'submit-message', messages, model }, { ...(signal && { signal }) });
const resume = (id: string) => server.get(`/api/chat/${id}/stream`);
const cancel = async (id: string) => (await server.post(`/api/chat/${id}/cancel`, {})).json();

const serverEnded = { type: 'error', errorText: 'The server ended before the answer did.' };

/** An answer that only says when it is ended. */
async function* aborted(signal: AbortSignal): AsyncGenerator<string, void, void> {
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
  yield 'aborted';
}

/** The one place is taken; answers how to give it back. */
async function fullServer(): Promise<() => Promise<void>> {
  const holding = (await send('holds', 'endless')).text();
  await until(() => server.handler.calls.running === 1);
  return async () => {
    await cancel('holds');
    await holding;
  };
}

describe('a message that waits for a place', () => {
  it('is answered though its client has gone, and the next one reads the answer', async () => {
    const free = await fullServer();
    const leaving = new AbortController();
    const left = await send('waits', 'quick', leaving.signal);
    expect(left.status).toBe(200);
    leaving.abort();
    await left.body!.cancel();
    expect(server.handler.calls.waiting).toBe(1);
    const resumed = await resume('waits');
    expect(resumed.status).toBe(200);
    await free();
    expect(await resumed.text()).toContain('42.');
    await until(() => server.handler.calls.running === 0);
  });

  it('is cancelled, and waits no longer', async () => {
    const free = await fullServer();
    const answer = (await send('waits')).text();
    expect(server.handler.calls.waiting).toBe(1);
    expect(await cancel('waits')).toEqual({ id: 'waits', cancelled: true });
    expect(await answer).toBe('data: {"type":"abort"}\n\ndata: [DONE]\n\n');
    expect(server.handler.calls).toEqual({ running: 1, waiting: 0 });
    expect((await resume('waits')).status).toBe(204);
    await free();
    expect(await (await send('waits')).text()).toContain('42.');
  });

  it('ends with its server', async () => {
    await fullServer();
    const answer = (await send('waits')).text();
    await server.handler[Symbol.asyncDispose]();
    expect(await answer).toBe(
      'data: {"type":"error","errorText":"The server is closing."}\n\ndata: [DONE]\n\n',
    );
    expect(server.handler.calls).toEqual({ running: 0, waiting: 0 });
  });
});

describe('an answer whose server ends', () => {
  it.each(['holds', 'waits'])('is told as broken off to whoever comes back: %s', async (id) => {
    const streamStore = new MemoryStreamStore();
    const serverOf = () =>
      testServer({ models: { endless, quick }, maxConcurrent: 1, maxQueued: 1, streamStore });
    await server[Symbol.asyncDispose]();
    server = await serverOf();
    await fullServer();
    await (await send('waits')).body!.cancel();
    await server[Symbol.asyncDispose]();
    server = await serverOf();
    const data = await eventData(await resume(id));
    expect(data.some((part) => part.includes('"abort"'))).toBe(false);
    expect(data.slice(-2)).toEqual([JSON.stringify(serverEnded), '[DONE]']);
  });

  it('stays ended where a cancel ended it first', async () => {
    const store = new MemoryStreamStore();
    const chats = new ChatStreams(store);
    const { settled, stream } = await chats.start('chat', async () => aborted);
    const cancelling = chats.cancel('chat', new Error('stopped'));
    chats.stop(new Error('closing'));
    await Promise.all([cancelling, settled]);
    const reading = stream.read(new AbortController().signal);
    expect(await reading.next()).toEqual({ done: false, value: 'aborted' });
    expect(await reading.next()).toEqual({ done: true, value: 'ended' });
  });
});

describe('a message that is refused', () => {
  it.each([
    ['for want of a place', 'quick', 429],
    ['for its model', 'other', 404],
  ])('%s leaves nothing', async (_, model, status) => {
    const free = await fullServer();
    const waiting = (await send('waits')).text();
    expect((await send('refused', model)).status).toBe(status);
    expect((await resume('refused')).status).toBe(204);
    expect(await cancel('refused')).toEqual({ id: 'refused', cancelled: false });
    await free();
    expect(await waiting).toContain('42.');
    await until(() => server.handler.calls.running === 0);
  });
});

it('an answer that ended unread is for nobody once it is cancelled', async () => {
  const leaving = new AbortController();
  const left = await send('unread', 'quick', leaving.signal);
  leaving.abort();
  await left.body!.cancel();
  await until(() => server.handler.calls.running === 0);
  expect(await cancel('unread')).toEqual({ id: 'unread', cancelled: false });
  expect((await resume('unread')).status).toBe(204);
});

describe('a message that is looked at', () => {
  async function* said(): AsyncGenerator<string, void, void> {
    yield 'said';
  }
  /** A message that is taken or refused when it is said. */
  function looked(chats: ChatStreams) {
    let take!: (answer: Answer) => void;
    let refuse!: (error: Error) => void;
    const answer = new Promise<Answer>((resolve, reject) => {
      take = resolve;
      refuse = reject;
    });
    return { started: chats.start('chat', () => answer), take, refuse };
  }
  const textOf = async (stream: Awaited<ReturnType<ChatStreams['find']>>) => {
    const pieces: string[] = [];
    for await (const piece of stream!.read(new AbortController().signal)) pieces.push(piece);
    return pieces.join('');
  };

  it('is waited for by whoever wants to read its answer', async () => {
    const chats = new ChatStreams(new MemoryStreamStore());
    const { started, take } = looked(chats);
    const found = chats.find('chat');
    take(said);
    expect(await textOf(await found)).toBe('said');
    await (await started).settled;
  });

  it('is ended by a cancel', async () => {
    const chats = new ChatStreams(new MemoryStreamStore());
    const { started, take } = looked(chats);
    const refused = expect(started).rejects.toThrow('stopped');
    expect(await chats.cancel('chat', new Error('stopped'))).toBe(true);
    await refused;
    take(said);
    expect(await chats.find('chat')).toBeUndefined();
  });

  it('ends with its server', async () => {
    const chats = new ChatStreams(new MemoryStreamStore());
    const { started } = looked(chats);
    const refused = expect(started).rejects.toThrow('closing');
    chats.stop(new Error('closing'));
    await chats[Symbol.asyncDispose]();
    await refused;
  });

  it('leaves what runs alone where it is refused', async () => {
    const chats = new ChatStreams(new MemoryStreamStore());
    let signal: AbortSignal | undefined;
    const running = await chats.start(
      'chat',
      async () =>
        async function* (given) {
          signal = given;
          yield 'runs';
          await new Promise((resolve) => given.addEventListener('abort', resolve));
        },
    );
    const { started, refuse } = looked(chats);
    const refused = expect(started).rejects.toThrow('no such model');
    refuse(new Error('no such model'));
    await refused;
    expect(signal?.aborted).toBe(false);
    expect(await chats.cancel('chat', new Error('stopped'))).toBe(true);
    await running.settled;
  });

  it('ends no answer of a message that came after it', async () => {
    const chats = new ChatStreams(new MemoryStreamStore());
    const older = looked(chats);
    const newer = looked(chats);
    const refused = expect(older.started).rejects.toThrow('A new message was sent in this chat.');
    let signal: AbortSignal | undefined;
    newer.take((given) => {
      signal = given;
      return aborted(given);
    });
    const { settled } = await newer.started;
    older.take(said);
    await refused;
    await until(() => signal !== undefined);
    expect(signal!.aborted).toBe(false);
    await chats.cancel('chat', new Error('stopped'));
    await settled;
  });

  it('replaces no answer of a message that came after it, though that has ended', async () => {
    const chats = new ChatStreams(new MemoryStreamStore());
    const older = looked(chats);
    const newer = looked(chats);
    const refused = expect(older.started).rejects.toThrow('A new message was sent in this chat.');
    newer.take(said);
    await (await newer.started).settled;
    older.take(async function* () {
      yield 'too late';
    });
    await refused;
    expect(await textOf(await chats.find('chat'))).toBe('said');
  });

  it('is answered where the one that came after it is refused', async () => {
    const chats = new ChatStreams(new MemoryStreamStore());
    const older = looked(chats);
    const newer = looked(chats);
    const refused = expect(newer.started).rejects.toThrow('no such model');
    newer.refuse(new Error('no such model'));
    await refused;
    older.take(said);
    await (await older.started).settled;
    expect(await textOf(await chats.find('chat'))).toBe('said');
  });

  it('is the one answered of three at once where it came last', async () => {
    const chats = new ChatStreams(new MemoryStreamStore());
    const messages = [looked(chats), looked(chats), looked(chats)];
    const ends = Promise.allSettled(messages.map(({ started }) => started));
    for (const at of [1, 2, 0]) messages[at]!.take(said);
    expect((await ends).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
    await chats[Symbol.asyncDispose]();
  });
});
