/** OpenAI's own client for Node drives chat completions: whole, streamed, tools, structured output, failures. */
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './fixtures.js';
import { messages, type OpenAiServer, openAiServer, scripted, slow, tools } from './openai-server.js';

let server: OpenAiServer;
let client: OpenAI;
beforeAll(async () => {
  server = await openAiServer();
  client = server.client;
});
afterAll(() => server[Symbol.asyncDispose]());

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

  it('stream the arguments of calls whole, however their pieces come', async () => {
    const { choices } = await client.chat.completions
      .stream({ model: 'turns', messages, tools })
      .finalChatCompletion();
    expect(choices[0]!.message.tool_calls).toMatchObject(
      ['{"city":"Oslo"}', '{"city":"Rome"}', '{}', '{}'].map((json, index) => ({
        id: `call_${index + 1}`,
        function: { arguments: json },
      })),
    );
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
    await until(() => server.running.handler.calls.running === 0);
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

  it('that end in an error, are none', async () => {
    const unavailable = { status: 503, code: 'unavailable' };
    const asked = (model: string, stream: boolean) =>
      client.chat.completions.create({ model, messages, stream });
    await expect(asked('halting', false)).rejects.toMatchObject(unavailable);
    await expect(asked('mute', true)).rejects.toMatchObject(unavailable);
    const stream = (await asked('halting', true)) as AsyncIterable<OpenAI.ChatCompletionChunk>;
    const read = async () => {
      for await (const chunk of stream) expect(chunk.choices[0]?.finish_reason).toBeNull();
    };
    await expect(read()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it.each([true, false])('that a provider refuses have its status, streamed: %s', async (stream) => {
    await expect(
      client.chat.completions.create({ model: 'refusing', messages, stream }),
    ).rejects.toBeInstanceOf(OpenAI.RateLimitError);
  });
});

/** An answer of more tokens than two. */
const tooLong = {
  type: 'json_schema',
  json_schema: { name: 'long', schema: { type: 'string', enum: ['As long as it is, it does not fit.'] } },
};

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
    ['a call without tools', { model: 'words', tool_choice: 'required', tools }, 'tool_choice'],
    ['a bias of no token', { model: 'words', logit_bias: { 99999999: 1 } }, 'logit_bias'],
    ['a bias of no id', { model: 'words', logit_bias: { a: 1 } }, 'logit_bias.a'],
    [
      'a text that cannot be so short',
      { model: 'words', response_format: tooLong, max_completion_tokens: 2 },
      'max_completion_tokens',
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
    const stranger = new OpenAI({ baseURL: `${server.running.url}/v1`, apiKey: 'wrong', maxRetries: 0 });
    await expect(stranger.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  });
});
