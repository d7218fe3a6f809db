/** The AI SDK's provider for OpenAI-compatible servers drives ours: text, stream, reasoning, a tool loop, objects, vectors. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { embedMany, generateObject, generateText, Output, stepCountIs, streamText, tool } from 'ai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import type { CallOptions } from '../../src/provider/specification.js';
import { type RunningServer, serve } from '../../src/server/index.js';
import { scriptedModel } from '../../src/testing/index.js';
import { type TestServer, testServer } from './fixtures.js';
import { scriptedParts } from './scripted-parts.js';

let server: TestServer;
let running: RunningServer;
let provider: ReturnType<typeof createOpenAICompatible>;
const plain = scriptedModel(['The answer is 42.']);
const calling = scriptedParts(
  [
    { type: 'reasoning', text: 'Look it up.' },
    {
      type: 'tool-call',
      toolCallId: 'c1',
      toolName: 'weather',
      input: '{"city":"Oslo"}',
      pieces: ['{"city":', '"Oslo"}'],
    },
  ],
  'tool-calls',
);
/** Calls a tool, and answers once it has its result. */
const looping = {
  ...calling,
  doGenerate: (options: CallOptions) => turn(options).doGenerate(options),
  doStream: (options: CallOptions) => turn(options).doStream(options),
};
const turn = ({ prompt }: CallOptions) =>
  prompt.at(-1)?.role === 'tool'
    ? scriptedParts([{ type: 'text', text: 'It is 4 degrees.' }], 'stop')
    : calling;
const structured = scriptedParts([{ type: 'text', text: '{"city":"Oslo","degrees":4}' }], 'stop');

beforeAll(async () => {
  server = await testServer();
  running = await serve({
    host: server.host,
    port: 0,
    models: { plain, looping, structured, embedder: 'nano' },
  });
  provider = createOpenAICompatible({
    name: 'trivium',
    baseURL: `${running.url}/v1`,
    includeUsage: true,
    supportsStructuredOutputs: true,
  });
});
afterAll(async () => {
  await running.close({ drainMs: 0 });
  await server[Symbol.asyncDispose]();
});

test('text, whole and streamed', async () => {
  const { text, usage } = await generateText({ model: provider('plain'), prompt: 'Hello' });
  expect(text).toBe('The answer is 42.');
  expect(usage.outputTokens).toBe(4);
  const stream = streamText({ model: provider('plain'), prompt: 'Hello' });
  let streamed = '';
  for await (const delta of stream.textStream) streamed += delta;
  expect(streamed).toBe(text);
  expect(await stream.finishReason).toBe('stop');
  expect((await stream.usage).outputTokens).toBe(4);
});

test.each([true, false])('a tool loop with reasoning, streamed: %s', async (isStreamed) => {
  const request = {
    model: provider('looping'),
    prompt: 'Weather?',
    tools: {
      weather: tool({
        inputSchema: z.object({ city: z.string() }),
        execute: async ({ city }) => `${city}: 4`,
      }),
    },
    stopWhen: stepCountIs(3),
  };
  const result = isStreamed ? streamText(request) : await generateText(request);
  const steps = await result.steps;
  expect(steps.map(({ finishReason }) => finishReason)).toEqual(['tool-calls', 'stop']);
  expect(steps[0]!.reasoningText).toBe('Look it up.');
  expect(steps[0]!.toolResults[0]).toMatchObject({ output: 'Oslo: 4' });
  expect(await result.text).toBe('It is 4 degrees.');
});

test('objects', async () => {
  const schema = z.object({ city: z.string(), degrees: z.number() });
  const { object } = await generateObject({ model: provider('structured'), schema, prompt: 'x' });
  expect(object).toEqual({ city: 'Oslo', degrees: 4 });
  const { output } = await generateText({
    model: provider('structured'),
    output: Output.object({ schema }),
    prompt: 'x',
  });
  expect(output).toEqual(object);
});

test('vectors', async () => {
  const { embeddings } = await embedMany({ model: provider.embeddingModel('embedder'), values: ['a', 'b'] });
  expect(embeddings).toHaveLength(2);
});

test('an error has its sentence', async () => {
  await expect(generateText({ model: provider('other'), prompt: 'x', maxRetries: 0 })).rejects.toThrow(
    'There is no model "other".',
  );
});
