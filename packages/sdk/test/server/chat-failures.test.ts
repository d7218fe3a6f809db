/** Answers of `/api/chat` that fail: what the AI SDK's own chat is told of it. */
import { Chat } from '@ai-sdk/react';
import { DefaultChatTransport, type UIMessage } from 'ai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestServer, testServer } from './fixtures.js';
import { type ScriptedPart, scriptedParts } from './scripted-parts.js';

/** `ai` 6 takes no model of the newest specification. */
const ending = (parts: ScriptedPart[]) =>
  Object.assign(scriptedParts(parts, 'error'), { specificationVersion: 'v3' as const });

let server: TestServer;
beforeAll(async () => {
  server = await testServer({
    models: {
      mute: ending([]),
      halting: ending([{ type: 'text', text: 'so far' }]),
      broken: ending([
        { type: 'text', text: 'so far' },
        {
          type: 'failure',
          error: Object.assign(new Error('slow down'), { name: 'AI_APICallError', statusCode: 429 }),
        },
      ]),
    },
  });
});
afterAll(() => server[Symbol.asyncDispose]());

const handle = (url: string, init?: RequestInit) => server.handler.fetch(new Request(url, init));

async function chatAbout(model: string): Promise<{ chat: Chat<UIMessage>; types: string[] }> {
  let copy: Promise<string> | undefined;
  const chat = new Chat<UIMessage>({
    transport: new DefaultChatTransport({
      api: 'http://localhost:7474/api/chat',
      body: { model },
      fetch: async (url, init) => {
        const response = await handle(url as string, init);
        copy = response.clone().text();
        return response;
      },
    }),
  });
  await chat.sendMessage({ text: 'Hello' });
  const types = [...(await copy)!.matchAll(/^data: \{"type":"([^"]+)"/gm)].map(([, type]) => type!);
  return { chat, types };
}

describe('an answer that its model ends with an error of which it says nothing', () => {
  it.each(['mute', 'halting'])('has failed, in a chat too: %s', async (model) => {
    const { chat, types } = await chatAbout(model);
    expect(types.slice(-3)).toEqual(['data-trivium-usage', 'error', 'finish']);
    expect(chat.status).toBe('error');
    expect(chat.error!.message).toBe('The model ended its answer with an error.');
  });

  it('is told once where the model said what it was', async () => {
    const { chat, types } = await chatAbout('broken');
    expect(types.filter((type) => type === 'error')).toHaveLength(1);
    expect(chat.error!.message).toContain('slow down');
  });
});
