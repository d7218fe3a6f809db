/** OpenAI's own client for Node drives the server: chat, stream, tools, structured output, completions, responses, embeddings. */
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, serve } from '../../src/server/index.js';
import { type ScriptedModel, scriptedModel } from '../../src/testing/index.js';
import { type TestServer, testServer, until } from './fixtures.js';
import { type ScriptedPart, scriptedParts } from './scripted-parts.js';

let server: TestServer;
let running: RunningServer;
let client: OpenAI;
const scripted: ScriptedModel = scriptedModel(['The answer is 42.']);
const slow = scriptedModel(['word '.repeat(5000)], { wordDelayMs: 1 });
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
const caller = scriptedParts(weather, 'tool-calls');
const structured = scriptedParts([{ type: 'text', text: '{"city":"Oslo","degrees":4}' }], 'stop');
const likely = scriptedParts([{ type: 'text', text: 'ab' }], 'stop', {
  trivium: {
    logprobs: [
      {
        token: 'a',
        logprob: -0.1,
        top: [
          { token: 'a', logprob: -0.1 },
          { token: 'x', logprob: -3 },
        ],
      },
      { token: 'b', logprob: -0.2, top: [{ token: 'b', logprob: -0.2 }] },
    ],
  },
});
const warned = scriptedParts([{ type: 'text', text: 'x' }], 'length', undefined, [
  { type: 'unsupported', feature: 'topK', details: 'It is ignored.' },
]);
const broken = scriptedParts(
  [
    { type: 'text', text: 'so far' },
    { type: 'failure', error: new Error('my secret') },
  ],
  'stop',
);
const refusing = scriptedParts(
  [
    {
      type: 'failure',
      error: Object.assign(new Error('slow down'), { name: 'AI_APICallError', statusCode: 429 }),
    },
  ],
  'stop',
);

beforeAll(async () => {
  server = await testServer();
  running = await serve({
    host: server.host,
    root: server.root,
    port: 0,
    apiKeys: ['secret-key'],
    model: 'scripted',
    models: {
      scripted,
      slow,
      caller,
      structured,
      likely,
      warned,
      broken,
      refusing,
      embedder: 'nano',
      words: 'nano',
    },
  });
  client = new OpenAI({ baseURL: `${running.url}/v1`, apiKey: 'secret-key', maxRetries: 0 });
});
afterAll(async () => {
  await running.close({ drainMs: 0 });
  await server[Symbol.asyncDispose]();
});

const messages = [{ role: 'user' as const, content: 'Hello' }];
const tools = [
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

describe('chat completions', () => {
  it('answer whole, and tell what they took', async () => {
    const completion = await client.chat.completions.create({ model: 'scripted', messages });
    expect(completion.choices[0]).toMatchObject({
      message: { role: 'assistant', content: 'The answer is 42.' },
      finish_reason: 'stop',
    });
    expect(completion.usage).toMatchObject({ completion_tokens: 4 });
    expect(completion._request_id).toMatch(/^req_/);
  });

  it('pass on what was asked for', async () => {
    await client.chat.completions.create({
      model: 'scripted',
      messages: [
        { role: 'developer', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'One' },
            { type: 'text', text: 'Two' },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c1', content: '4 degrees' },
      ],
      tools,
      tool_choice: { type: 'function', function: { name: 'weather' } },
      response_format: { type: 'json_schema', json_schema: { name: 'city', schema: { type: 'object' } } },
      temperature: 0.5,
      top_p: 0.9,
      seed: 7,
      stop: ['\n\n'],
      max_completion_tokens: 100,
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      logit_bias: { '5': -1 },
      reasoning_effort: 'low',
      user: 'someone',
    });
    expect(scripted.calls.at(-1)).toMatchObject({
      prompt: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'One' },
            { type: 'text', text: 'Two' },
          ],
        },
        {
          role: 'assistant',
          content: [{ type: 'tool-call', toolCallId: 'c1', toolName: 'weather', input: { city: 'Oslo' } }],
        },
        {
          role: 'tool',
          content: [
            {
              type: 'tool-result',
              toolCallId: 'c1',
              toolName: 'weather',
              output: { type: 'text', value: '4 degrees' },
            },
          ],
        },
      ],
      tools: [{ type: 'function', name: 'weather', strict: true, inputSchema: { required: ['city'] } }],
      toolChoice: { type: 'tool', toolName: 'weather' },
      responseFormat: { type: 'json', name: 'city', schema: { type: 'object' } },
      temperature: 0.5,
      topP: 0.9,
      seed: 7,
      stopSequences: ['\n\n'],
      maxOutputTokens: 100,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      reasoning: 'low',
      providerOptions: { trivium: { logitBias: { '5': -1 } } },
    });
  });

  it('stream, with usage at the end where it is asked for', async () => {
    const stream = await client.chat.completions.create({
      model: 'scripted',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('The answer is 42.');
    expect(chunks.at(-2)?.choices[0]).toMatchObject({ finish_reason: 'stop', delta: {} });
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 4 } });
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  });

  it('call tools, several at once, whole and streamed alike', async () => {
    const whole = await client.chat.completions.create({ model: 'caller', messages, tools });
    const streamed = await client.chat.completions
      .stream({ model: 'caller', messages, tools })
      .finalChatCompletion();
    for (const { choices } of [whole, streamed]) {
      expect(choices[0]).toMatchObject({
        finish_reason: 'tool_calls',
        message: {
          content: null,
          tool_calls: [
            { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
            { id: 'call_2', function: { arguments: '{"city":"Rome"}' } },
          ],
        },
      });
      expect(choices[0]!.message).toMatchObject({ reasoning_content: 'I need the weather.' });
    }
  });

  it('call one tool at a time where that is asked for, and say what was left out', async () => {
    const once = { model: 'caller', messages, tools, parallel_tool_calls: false };
    const whole = await client.chat.completions.create(once);
    expect(whole.choices[0]!.message.tool_calls).toHaveLength(1);
    expect(whole).toMatchObject({ trivium: { warnings: [expect.stringContaining('weather')] } });
    const streamed = await client.chat.completions.stream(once).finalChatCompletion();
    expect(streamed.choices[0]!.message.tool_calls).toHaveLength(1);
  });

  it('run a loop of tools with the helper of the client', async () => {
    let calls = 0;
    const runner = client.chat.completions.runTools(
      {
        model: 'caller',
        messages,
        tools: [
          {
            type: 'function',
            function: {
              name: 'weather',
              parse: JSON.parse,
              function: ({ city }: { city: string }) => {
                calls += 1;
                return `${city}: 4 degrees`;
              },
              parameters: { type: 'object', properties: { city: { type: 'string' } } },
              description: 'The weather.',
            },
          },
        ],
      } as never,
      { maxChatCompletions: 1 },
    );
    await runner.done();
    expect(calls).toBe(2);
  });

  it('parse structured output', async () => {
    const completion = await client.chat.completions.parse({
      model: 'structured',
      messages,
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'weather',
          strict: true,
          schema: { type: 'object', properties: { city: { type: 'string' } } },
        },
      },
    });
    expect(
      completion.choices[0]!.message.parsed ?? JSON.parse(completion.choices[0]!.message.content!),
    ).toEqual({ city: 'Oslo', degrees: 4 });
  });

  it('give log-probabilities where the model does', async () => {
    const whole = await client.chat.completions.create({
      model: 'likely',
      messages,
      logprobs: true,
      top_logprobs: 2,
    });
    expect(whole.choices[0]!.logprobs!.content).toMatchObject([
      { token: 'a', logprob: -0.1, bytes: [97], top_logprobs: [{ token: 'a' }, { token: 'x', logprob: -3 }] },
      { token: 'b' },
    ]);
    const streamed = await client.chat.completions
      .stream({ model: 'likely', messages, logprobs: true, top_logprobs: 2 })
      .finalChatCompletion();
    expect(streamed.choices[0]!.logprobs!.content).toEqual(whole.choices[0]!.logprobs!.content);
  });

  it('tell the warnings of the model, and a cut', async () => {
    const whole = await client.chat.completions.create({ model: 'warned', messages });
    expect(whole).toMatchObject({
      choices: [{ finish_reason: 'length' }],
      trivium: { warnings: ['topK is not fully supported. It is ignored.'] },
    });
  });

  it('stop when the client stops reading', async () => {
    const stream = await client.chat.completions.create({ model: 'slow', messages, stream: true });
    for await (const _ of stream) break;
    await until(() => running.handler.calls.running === 0);
    expect(slow.calls.at(-1)!.abortSignal!.aborted).toBe(true);
  });

  it('that fail in the middle end with an error, and tell nothing that they should not', async () => {
    const stream = await client.chat.completions.create({ model: 'broken', messages, stream: true });
    let text = '';
    const read = async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    };
    await expect(read()).rejects.toMatchObject({
      code: 'internal',
      message: expect.not.stringContaining('secret'),
    });
    expect(text).toBe('so far');
  });

  it.each([true, false])('that a provider refuses have its status, streamed: %s', async (stream) => {
    await expect(
      client.chat.completions.create({ model: 'refusing', messages, stream }),
    ).rejects.toBeInstanceOf(OpenAI.RateLimitError);
  });
});

describe('requests that cannot be served', () => {
  it.each([
    ['several answers', { n: 2 }, 'n'],
    ['sound', { modalities: ['text', 'audio'] }, 'modalities'],
    [
      'an address to be fetched',
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://169.254.169.254/' } }] },
        ],
      },
      'messages.0.content',
    ],
    [
      'a result without its call',
      { messages: [{ role: 'tool', tool_call_id: 'x', content: 'y' }] },
      'messages.0.tool_call_id',
    ],
    [
      'a tool that is not there',
      { tool_choice: { type: 'function', function: { name: 'other' } }, tools },
      'tool_choice',
    ],
    ['two tools of one name', { tools: [...tools, ...tools] }, 'tools'],
    ['alternatives without log-probabilities', { top_logprobs: 2 }, 'top_logprobs'],
  ])('name the field: %s', async (_, fields, param) => {
    const request = client.chat.completions.create({ model: 'scripted', messages, ...fields } as never);
    await expect(request).rejects.toMatchObject({
      status: 400,
      param,
      code: expect.stringMatching(/^(unsupported|invalid-argument)$/),
    });
    await expect(request).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  });

  it('a picture for a model that only reads text', async () => {
    const content = [{ type: 'image_url' as const, image_url: { url: 'data:image/png;base64,AAAA' } }];
    await expect(
      client.chat.completions.create({ model: 'words', messages: [{ role: 'user', content }] }),
    ).rejects.toMatchObject({ status: 400, code: 'unsupported' });
  });

  it('a model that is not there, and a wrong key', async () => {
    await expect(client.chat.completions.create({ model: 'other', messages })).rejects.toBeInstanceOf(
      OpenAI.NotFoundError,
    );
    const stranger = new OpenAI({ baseURL: `${running.url}/v1`, apiKey: 'wrong', maxRetries: 0 });
    await expect(stranger.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  });
});

describe('models', () => {
  it('are listed and shown', async () => {
    const ids = [];
    for await (const { id } of client.models.list()) ids.push(id);
    expect(ids).toContain('scripted');
    expect(await client.models.retrieve('scripted')).toMatchObject({ id: 'scripted', object: 'model' });
  });
});

describe('completions', () => {
  it('continue a text by a model of the host, the same streamed', async () => {
    const request = { model: 'words', prompt: 'The weather today is', max_tokens: 8, temperature: 0 };
    const whole = await client.completions.create({ ...request, logprobs: 2 });
    expect(whole.choices[0]!.text.length).toBeGreaterThan(0);
    expect(whole.usage).toMatchObject({ completion_tokens: 8 });
    expect(whole.choices[0]!.logprobs!.tokens).toHaveLength(8);
    let text = '';
    for await (const chunk of await client.completions.create({ ...request, stream: true }))
      text += chunk.choices[0]?.text ?? '';
    expect(text).toBe(whole.choices[0]!.text);
  });

  it('take several prompts, in order; refuse tokens, echo and several answers', async () => {
    const { choices } = await client.completions.create({
      model: 'scripted',
      prompt: ['a', 'b'],
      max_tokens: 2,
    });
    expect(choices.map(({ index, text, finish_reason: reason }) => [index, text, reason])).toEqual([
      [0, 'The answer', 'length'],
      [1, 'The answer', 'length'],
    ]);
    for (const fields of [{ prompt: [1, 2] }, { echo: true }, { n: 2 }, { suffix: 'x' }])
      await expect(
        client.completions.create({ model: 'scripted', prompt: 'a', ...fields }),
      ).rejects.toMatchObject({ code: 'unsupported' });
  });
});

describe('responses', () => {
  it('answer whole', async () => {
    const response = await client.responses.create({
      model: 'scripted',
      input: 'Hello',
      instructions: 'Be brief.',
    });
    expect(response.output_text).toBe('The answer is 42.');
    expect(response).toMatchObject({ status: 'completed', usage: { output_tokens: 4 } });
    expect(scripted.calls.at(-1)!.prompt[0]).toEqual({ role: 'system', content: 'Be brief.' });
  });

  it('stream their items, numbered; the last event holds what was streamed', async () => {
    const stream = await client.responses.create({
      model: 'caller',
      input: 'Hello',
      stream: true,
      tools: [{ type: 'function', name: 'weather', parameters: {}, strict: true }],
    });
    const events = [];
    for await (const event of stream) events.push(event);
    expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_, index) => index));
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.reasoning_text.delta',
      'response.reasoning_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.output_item.done',
      'response.completed',
    ]);
    const last = events.at(-1)!;
    expect(last.type === 'response.completed' && last.response.output).toMatchObject([
      { type: 'reasoning', content: [{ text: 'I need the weather.' }] },
      {
        type: 'function_call',
        call_id: 'call_1',
        name: 'weather',
        arguments: '{"city":"Oslo"}',
        status: 'completed',
      },
      { type: 'function_call', call_id: 'call_2', arguments: '{"city":"Rome"}' },
    ]);
  });

  it('are put together by the helper of the client', async () => {
    const final = await client.responses
      .stream({ model: 'scripted', input: [{ role: 'user', content: 'Hello' }] })
      .finalResponse();
    expect(final.output_text).toBe('The answer is 42.');
  });

  it('take a conversation with calls and their outputs', async () => {
    await client.responses.create({
      model: 'scripted',
      input: [
        { role: 'user', content: [{ type: 'input_text', text: 'Weather?' }] },
        { type: 'function_call', call_id: 'c1', name: 'weather', arguments: '{"city":"Oslo"}' },
        { type: 'function_call', call_id: 'c2', name: 'weather', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c1', output: '4' },
        { type: 'function_call_output', call_id: 'c2', output: '5' },
      ],
    });
    expect(scripted.calls.at(-1)!.prompt.map(({ role, content }) => [role, content.length])).toEqual([
      ['user', 1],
      ['assistant', 2],
      ['tool', 2],
    ]);
  });

  it('that were cut are incomplete', async () => {
    const response = await client.responses.create({ model: 'scripted', input: 'x', max_output_tokens: 1 });
    expect(response).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    });
  });

  it.each([
    ['previous_response_id', { previous_response_id: 'resp_1' }],
    ['background', { background: true }],
    ['tools.0.type', { tools: [{ type: 'web_search' }] }],
    [
      'input.0.content',
      { input: [{ role: 'user', content: [{ type: 'input_image', file_id: 'x', detail: 'auto' }] }] },
    ],
  ])('refuse %s by its name', async (param, fields) => {
    const request = client.responses.create({ model: 'scripted', input: 'x', ...fields } as never);
    await expect(request).rejects.toMatchObject({
      status: 400,
      param: expect.stringContaining(param.split('.')[0]!),
    });
  });

  it('that fail in the middle end with response.failed', async () => {
    const stream = await client.responses.create({ model: 'broken', input: 'x', stream: true });
    const events = [];
    for await (const event of stream) events.push(event);
    expect(events.at(-1)).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'internal' } },
    });
    expect(JSON.stringify(events)).not.toContain('secret');
  });
});

describe('embeddings', () => {
  it('are the same as numbers and as base64', async () => {
    const input = ['green tea', 'espresso'];
    const numbers = await client.embeddings.create({ model: 'embedder', input, encoding_format: 'float' });
    // The client asks for base64 by itself and decodes it.
    const decoded = await client.embeddings.create({ model: 'embedder', input });
    expect(numbers.data).toHaveLength(2);
    for (const [index, { embedding }] of decoded.data.entries()) {
      expect(embedding).toHaveLength(numbers.data[index]!.embedding.length);
      for (const [at, value] of embedding.entries())
        expect(value).toBeCloseTo(numbers.data[index]!.embedding[at]!, 6);
    }
    expect(numbers.usage.prompt_tokens).toBeGreaterThan(0);
  });

  it('refuse tokens, empty texts, other widths and models of another kind', async () => {
    for (const [fields, param] of [
      [{ input: [1, 2, 3] }, 'input'],
      [{ input: ['a', ''] }, 'input.1'],
      [{ dimensions: 3 }, 'dimensions'],
      [{ model: 'scripted' }, 'model'],
    ] as const)
      await expect(
        client.embeddings.create({ ...{ model: 'embedder', input: 'x' }, ...fields } as never),
      ).rejects.toMatchObject({ status: 400, param });
  });
});

describe('rerank', () => {
  it('puts documents in order, with their texts where they are asked for', async () => {
    const response = await client.post<{
      results: { index: number; relevance_score: number; document?: { text: string } }[];
    }>('/rerank', {
      body: {
        model: 'embedder',
        query: 'How long is tea steeped?',
        documents: ['Espresso is pressed at nine bar.', { text: 'Green tea is steeped for two minutes.' }],
        top_n: 1,
        return_documents: true,
      },
    });
    expect(response.results).toMatchObject([
      { index: 1, document: { text: 'Green tea is steeped for two minutes.' } },
    ]);
  });
});
