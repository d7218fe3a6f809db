/** The transport of a chat by itself: what breaks, what is stopped elsewhere, and readers that leave. */
import type { UIMessage } from 'ai';
import { describe, expect, it } from 'vitest';
import { createChatTransport } from '../src/chat/index.js';
import { createWire } from './wire.js';

const asked = (text: string): UIMessage => ({ id: 'q', role: 'user', parts: [{ type: 'text', text }] });

/** As the AI SDK has it, in both versions: such a stream can be taken up again. */
const isDisconnect = (error: unknown) => error instanceof TypeError && /fetch|network/i.test(error.message);

describe('createChatTransport', () => {
  it('gives a broken connection as the AI SDK knows it, and refuses what is no JSON', async () => {
    const wire = createWire([]);
    const transport = createChatTransport({ baseUrl: '', fetch: wire.fetch });
    const sending = { chatId: 'c', trigger: 'submit-message' as const, messageId: undefined };
    const messages = [asked('100 5')];
    const parts = (
      await transport.sendMessages({ ...sending, messages, abortSignal: undefined })
    ).getReader();
    expect((await parts.read()).value).toMatchObject({ type: 'start' });
    wire.breakConnections();
    await expect(
      (async () => {
        while (!(await parts.read()).done);
      })(),
    ).rejects.toSatisfy(isDisconnect);
    await transport.cancel('c');

    const garbled = createChatTransport({ baseUrl: '', fetch: async () => new Response('data: {oops\n\n') });
    const stream = await garbled.sendMessages({ ...sending, messages, abortSignal: undefined });
    await expect(stream.getReader().read()).rejects.toMatchObject({ code: 'network', found: '{oops' });
  });

  it('takes an answer that ends before its last word for a broken connection', async () => {
    const half = async () => new Response('data: {"type":"start"}\n\n');
    const transport = createChatTransport({ baseUrl: '', fetch: half });
    const stream = await transport.sendMessages({
      chatId: 'c',
      trigger: 'submit-message',
      messageId: undefined,
      messages: [asked('1 0')],
      abortSignal: undefined,
    });
    const reader = stream.getReader();
    expect((await reader.read()).value).toEqual({ type: 'start' });
    await expect(reader.read()).rejects.toSatisfy(isDisconnect);
  });

  it('tells an answer that was stopped elsewhere to its last word, then that it was aborted', async () => {
    const wire = createWire([]);
    const transport = createChatTransport({ baseUrl: '', fetch: wire.fetch });
    const sending = { chatId: 'c', trigger: 'submit-message' as const, messageId: undefined };
    const stream = await transport.sendMessages({
      ...sending,
      messages: [asked('1000 5')],
      abortSignal: undefined,
    });
    const types: string[] = [];
    const reading = (async () => {
      for await (const { type } of stream as unknown as AsyncIterable<{ type: string }>) {
        types.push(type);
        if (types.length === 3) await wire.fetch('/api/chat/c/cancel', { method: 'POST' });
      }
    })();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    expect(types.at(-1)).toBe('abort');
  });

  it('closes the connection at once where its reader leaves, while the server says nothing too', async () => {
    let isOpen = true;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode('data: {"type":"start"}\n\n')),
      cancel: () => {
        isOpen = false;
      },
    });
    const transport = createChatTransport({ baseUrl: '', fetch: async () => new Response(body) });
    const parts = await transport.sendMessages({
      chatId: 'c',
      trigger: 'submit-message',
      messageId: undefined,
      messages: [],
      abortSignal: undefined,
    });
    const reader = parts.getReader();
    expect((await reader.read()).value).toEqual({ type: 'start' });
    await new Promise((resolve) => setTimeout(resolve, 10));
    await reader.cancel();
    expect(isOpen).toBe(false);
  });

  it('has nothing to cancel in a chat that is not there', async () => {
    const fetch: typeof globalThis.fetch = async () =>
      new Response('{"error":{"code":"not-found","message":"No such chat."}}', { status: 404 });
    await createChatTransport({ baseUrl: '', fetch }).cancel('none');
    const broken: typeof globalThis.fetch = async () => {
      throw new TypeError('fetch failed');
    };
    await expect(createChatTransport({ baseUrl: '', fetch: broken }).cancel('c')).rejects.toMatchObject({
      code: 'network',
    });
  });
});
