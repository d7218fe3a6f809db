/** Scripted models, and a server over them that OpenAI's client talks to. */
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';
import { type RunningServer, serve } from '../../src/server/index.js';
import { type ScriptedModel, scriptedModel } from '../../src/testing/index.js';
import { testServer } from './fixtures.js';
import { type ScriptedPart, scriptedParts } from './scripted-parts.js';

export const scripted: ScriptedModel = scriptedModel(['The answer is 42.']);
export const slow = scriptedModel(['word '.repeat(5000)], { wordDelayMs: 1 });
const weather: ScriptedPart[] = [
  { type: 'reasoning', text: 'I need the weather.' },
  {
    type: 'tool-call',
    toolCallId: 'call_1',
    toolName: 'weather',
    input: '{"city":"Oslo"}',
    pieces: ['{"city":', '"Oslo"}'],
  },
  { type: 'tool-call', toolCallId: 'call_2', toolName: 'weather', input: '{"city":"Rome"}' },
];
export const caller = scriptedParts(weather, 'tool-calls');
/** Calls whose pieces come by turns, one with too few of them, one without arguments. */
export const turns = scriptedParts(
  [
    {
      type: 'stream',
      parts: [
        { type: 'tool-input-start', id: 'call_1', toolName: 'weather' },
        { type: 'tool-input-delta', id: 'call_1', delta: '{"city":' },
        { type: 'tool-input-start', id: 'call_2', toolName: 'weather' },
        { type: 'tool-input-delta', id: 'call_2', delta: '{"city":"R' },
        { type: 'tool-input-delta', id: 'call_1', delta: '"Oslo"}' },
        { type: 'tool-input-end', id: 'call_1' },
        { type: 'tool-input-end', id: 'call_2' },
        { type: 'tool-call', toolCallId: 'call_1', toolName: 'weather', input: '{"city":"Oslo"}' },
        { type: 'tool-call', toolCallId: 'call_2', toolName: 'weather', input: '{"city":"Rome"}' },
      ],
    },
    { type: 'tool-call', toolCallId: 'call_3', toolName: 'now', input: '{}', pieces: [] },
    { type: 'tool-call', toolCallId: 'call_4', toolName: 'now', input: '' },
  ],
  'tool-calls',
);
export const structured = scriptedParts([{ type: 'text', text: '{"city":"Oslo","degrees":4}' }], 'stop');
export const likely = scriptedParts([{ type: 'text', text: 'ab' }], 'stop', {
  trivium: {
    logprobs: [
      {
        token: 'a',
        bytes: [97],
        logprob: -0.1,
        top: [
          { token: 'a', bytes: [97], logprob: -0.1 },
          { token: 'x', bytes: [120], logprob: -3 },
        ],
      },
      { token: 'b', bytes: [98], logprob: -0.2, top: [{ token: 'b', bytes: [98], logprob: -0.2 }] },
    ],
  },
});
export const warned = scriptedParts([{ type: 'text', text: 'x' }], 'length', undefined, [
  { type: 'unsupported', feature: 'topK', details: 'It is ignored.' },
]);
export const broken = scriptedParts(
  [
    { type: 'text', text: 'so far' },
    { type: 'failure', error: new Error('my secret') },
  ],
  'stop',
);
/** Ends in an error of which it says nothing, with or without a text before. */
export const halting = scriptedParts([{ type: 'text', text: 'so far' }], 'error');
export const mute = scriptedParts([], 'error');
export const refusing = scriptedParts(
  [
    {
      type: 'failure',
      error: Object.assign(new Error('slow down'), { name: 'AI_APICallError', statusCode: 429 }),
    },
  ],
  'stop',
);

export const messages = [{ role: 'user' as const, content: 'Hello' }];
export const tools = [
  {
    type: 'function' as const,
    function: {
      name: 'weather',
      description: 'The weather of a city.',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      strict: true,
    },
  },
];

export interface OpenAiServer extends AsyncDisposable {
  running: RunningServer;
  client: OpenAI;
}

export async function openAiServer(): Promise<OpenAiServer> {
  const server = await testServer();
  const running = await serve({
    host: server.host,
    root: server.root,
    port: 0,
    apiKeys: ['secret-key'],
    model: 'scripted',
    models: {
      scripted,
      slow,
      caller,
      turns,
      structured,
      likely,
      warned,
      broken,
      halting,
      mute,
      refusing,
      embedder: 'nano',
      words: 'nano',
      static: 'nano-static',
      encoder: fileURLToPath(new URL('../../../native/tests/fixtures/parity/bert-mean', import.meta.url)),
    },
  });
  return {
    running,
    client: new OpenAI({ baseURL: `${running.url}/v1`, apiKey: 'secret-key', maxRetries: 0 }),
    async [Symbol.asyncDispose]() {
      await running.close({ drainMs: 0 });
      await server[Symbol.asyncDispose]();
    },
  };
}
