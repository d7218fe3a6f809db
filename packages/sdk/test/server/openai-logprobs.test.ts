/** Log-probabilities over OpenAI's interface, where tokens are parts of characters and texts begin with a blank. */
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningServer, serve } from '../../src/server/index.js';
import { writeTinyLlama } from '../tiny-llama.js';
import { testServer } from './fixtures.js';
import { scriptedParts } from './scripted-parts.js';

const likely = (token: string, bytes: number[], logprob: number) => ({ token, bytes, logprob });
const parts = scriptedParts([{ type: 'text', text: 'a世b' }], 'stop', {
  trivium: {
    logprobs: [
      {
        ...likely('a', [97], -0.1),
        top: [likely('a', [97], -0.1), likely('\uFFFD', [0x96], -2), likely('a', [97], -3)],
      },
      { ...likely('\uFFFD', [0xe4, 0xb8], -0.2), top: [] },
      { ...likely('\uFFFD', [0x96], -0.3), top: [] },
      { ...likely('b', [98], -0.4), top: [] },
    ],
  },
});

let server: Awaited<ReturnType<typeof testServer>>;
let running: RunningServer;
let client: OpenAI;
beforeAll(async () => {
  server = await testServer();
  running = await serve({
    host: server.host,
    root: server.root,
    port: 0,
    models: { spm: writeTinyLlama(join(server.root, 'spm'), 'spm'), parts },
  });
  client = new OpenAI({ baseURL: `${running.url}/v1`, apiKey: 'none', maxRetries: 0 });
});
afterAll(async () => {
  await running.close({ drainMs: 0 });
  await server[Symbol.asyncDispose]();
});

it('chat: bytes join to the message, whole and streamed', async () => {
  const schema = { type: 'string', enum: ['你好 🌍 the end'] };
  const request = {
    model: 'spm',
    messages: [{ role: 'user' as const, content: 'Say it.' }],
    response_format: { type: 'json_schema' as const, json_schema: { name: 'said', schema } },
    logprobs: true,
    top_logprobs: 2,
  };
  const whole = await client.chat.completions.create(request);
  const content = whole.choices[0]!.logprobs!.content!;
  expect(Buffer.from(content.flatMap(({ bytes }) => bytes!)).toString()).toBe('"你好 🌍 the end"');
  expect(whole.choices[0]!.message.content).toBe('"你好 🌍 the end"');
  const streamed = await client.chat.completions.stream(request).finalChatCompletion();
  expect(streamed.choices[0]!.logprobs!.content).toEqual(content);
});

it('completions: parts of characters are told by their bytes, and have the place of their character', async () => {
  const whole = await client.completions.create({ model: 'parts', prompt: 'Say it' });
  const told = whole.choices[0]!.logprobs!;
  expect(told.tokens).toEqual(['a', 'bytes:\\xe4\\xb8', 'bytes:\\x96', 'b']);
  expect(told.text_offset).toEqual([0, 1, 1, 2]);
  // Two tokens of one name: the likelier is told.
  expect(told.top_logprobs![0]).toEqual({ a: -0.1, 'bytes:\\x96': -2 });
});
