/** Answers whose source heeds nothing, as a model that ignores its signal: the client and the server still come away. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { eventStream } from '../../src/server/event-stream.js';
import { MemoryStreamStore } from '../../src/server/index.js';
import { ChatStreams } from '../../src/server/ui/chat-streams.js';
import { scriptedModel } from '../../src/testing/index.js';
import { testServer } from './fixtures.js';

beforeEach(
  () => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] }),
);
afterEach(() => void vi.useRealTimers());

/** One frame, and then nothing for ever. */
async function* deaf(): AsyncGenerator<string, void, void> {
  yield 'data: 1\n\n';
  await new Promise(() => {});
}

/** A stream that waits for its second frame. */
async function waiting(stopping = new AbortController()) {
  let work: PromiseLike<unknown> | undefined;
  const call = {
    signal: stopping.signal,
    leave: () => stopping.abort(),
    until(promise: PromiseLike<unknown>) {
      work = promise;
    },
  };
  const reader = (await eventStream(call, deaf())).body!.getReader();
  await reader.read();
  return { stopping, reader, next: reader.read(), work: work! };
}

it('a client that leaves is sent no more, and keeps no place', async () => {
  const { stopping, reader, next, work } = await waiting();
  const cancelled = reader.cancel();
  expect(stopping.signal.aborted).toBe(true);
  expect((await next).done).toBe(true);
  // A beat into a stream that is gone would throw where nobody catches.
  vi.advanceTimersByTime(60_000);
  await work;
  await cancelled;
  expect(vi.getTimerCount()).toBe(0);
});

it.each(['before', 'while'])(
  'a server that stops %s it is read ends it with an error, and waits no longer',
  async (when) => {
    const stopping = new AbortController();
    const reason = new Error('closing');
    if (when === 'before') stopping.abort(reason);
    const { next, work } = await waiting(stopping);
    const failed = expect(next).rejects.toThrow('closing');
    if (when === 'while') stopping.abort(reason);
    vi.advanceTimersByTime(60_000);
    await failed;
    await work;
    expect(vi.getTimerCount()).toBe(0);
  },
);

it('an answer of a chat that is cancelled breaks off, and the chat goes on', async () => {
  const chats = new ChatStreams(new MemoryStreamStore());
  const { stream, settled } = await chats.start('chat', async () => deaf);
  const reading = stream.read(new AbortController().signal);
  expect((await reading.next()).value).toBe('data: 1\n\n');
  const cancelled = chats.cancel('chat', new Error('cancelled'));
  vi.advanceTimersByTime(60_000);
  expect(await cancelled).toBe(true);
  await settled;
  expect(await reading.next()).toEqual({ done: true, value: 'interrupted' });
  await chats.start('chat', async () => deaf);
  chats.stop(new Error('closing'));
  vi.advanceTimersByTime(60_000);
  await chats[Symbol.asyncDispose]();
  // What was kept of it goes too.
  vi.advanceTimersByTime(600_000);
  expect(vi.getTimerCount()).toBe(0);
});

it.each(['a client that leaves', 'a server that stops'])(
  '%s gives the place of a whole answer back',
  async (who) => {
    const called = vi.fn(() => new Promise<never>(() => {}));
    const models = {
      deaf: Object.assign(scriptedModel(['x']), { doGenerate: called }),
      scripted: scriptedModel(['The answer is 42.']),
    };
    await using server = await testServer({ models, maxConcurrent: 1 });
    const ask = (model: string, signal?: AbortSignal) => {
      const messages = [{ role: 'user', content: 'What is it?' }];
      return server.post('/v1/chat/completions', { model, messages }, signal ? { signal } : {});
    };
    const leaving = new AbortController();
    const answer = ask('deaf', leaving.signal);
    await vi.waitFor(() => expect(called).toHaveBeenCalled());
    if (who === 'a client that leaves') leaving.abort();
    else server.handler.stop();
    vi.advanceTimersByTime(60_000);
    expect((await answer).status).toBe(who === 'a client that leaves' ? 499 : 503);
    expect(server.handler.calls).toEqual({ running: 0, waiting: 0 });
    if (who === 'a client that leaves') expect((await ask('scripted')).status).toBe(200);
  },
);
