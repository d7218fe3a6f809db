/**
 * The chat of `@ai-sdk/react` 4 against our server: send, stop, resume, cancel; once where the server answers with `ai` 6,
 * once where it answers with `ai` 7. Usage: node chat.mjs
 */
import assert from 'node:assert/strict';
import { register } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import { Chat } from '@ai-sdk/react';
import { DefaultChatTransport } from 'ai';
import { Host } from '../../packages/sdk/dist/index.js';
import { serve } from '../../packages/sdk/dist/server/index.js';
import { scriptedModel } from '../../packages/sdk/dist/testing/index.js';

const answersWith7 = process.argv.includes('--server-ai-7');
// The server imports `ai` with the first chat.
if (answersWith7) register('./use-this-ai.mjs', import.meta.url);
const specification = answersWith7 ? 'v4' : 'v3';
const words = 'word '.repeat(300).trim();
const host = new Host();
const server = await serve({
  host,
  port: 0,
  model: 'slow',
  models: {
    slow: scriptedModel([words], { specification, wordDelayMs: 1 }),
    quick: scriptedModel(['The answer is 42.'], { specification }),
    nano: 'nano',
  },
});
const textOf = (message) =>
  (message?.parts ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('');
const chatOf = (id, messages = []) =>
  new Chat({ id, messages, transport: new DefaultChatTransport({ api: `${server.url}/api/chat` }) });

const quick = chatOf('quick');
await quick.sendMessage({ text: 'Hello' }, { body: { model: 'quick' } });
assert.equal(textOf(quick.messages.at(-1)), 'The answer is 42.');
await quick.sendMessage({ text: 'Hello' }, { body: { model: 'nano', maxOutputTokens: 4 } });
assert.equal(quick.status, 'ready', String(quick.error));
assert.notEqual(textOf(quick.messages.at(-1)), '');

const slow = chatOf('slow');
void slow.sendMessage({ text: 'Hello' });
while (textOf(slow.messages.at(-1)).length < 20 || slow.messages.length < 2) await pause(5);
await slow.stop();
assert.equal(server.handler.calls.running, 1);
const reloaded = chatOf('slow', slow.messages.slice(0, 1));
await reloaded.resumeStream();
assert.equal(textOf(reloaded.messages.at(-1)), words);

void chatOf('cancelled').sendMessage({ text: 'Hello' });
while (server.handler.calls.running === 0) await pause(5);
const response = await fetch(`${server.url}/api/chat/cancelled/cancel`, { method: 'POST' });
assert.equal((await response.json()).cancelled, true);
assert.equal((await fetch(`${server.url}/api/chat/cancelled/stream`)).status, 204);

await server.close({ drainMs: 0 });
await host[Symbol.asyncDispose]();
console.log(`@ai-sdk/react 4, server with ai ${answersWith7 ? 7 : 6}: send, stop, resume and cancel work`);
