/** OpenAI's own client for Node drives models, completions, responses, embeddings and rerank. */
import type OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenAiServer, openAiServer, scripted } from './openai-server.js';

let server: OpenAiServer;
let client: OpenAI;
beforeAll(async () => {
  server = await openAiServer();
  client = server.client;
});
afterAll(() => server[Symbol.asyncDispose]());

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
    // An empty stop sequence asks for nothing.
    const { choices } = await client.completions.create({ ...request, stop: [''] });
    expect(choices[0]!.text).toBe(whole.choices[0]!.text);
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

  it.each<[string, object]>([
    ['prompt', { prompt: '' }],
    ['prompt', { prompt: ['a', ''] }],
    ['logit_bias', { prompt: 'a', logit_bias: { 999999999: 1 } }],
  ])('name %s where the model refuses it: %j', async (param, fields) => {
    const failure = await client.completions
      .create({ model: 'words', ...fields } as never)
      .catch((error) => error);
    expect(failure).toMatchObject({ status: 400, param });
    expect(failure.message).not.toMatch(/\btokens:|logitBias/);
  });

  it.each([[[]], [[[]]], [[[], [1]]], [['a', [1]]]])(
    'refuse a prompt of nothing, or of what is none: %j',
    async (prompt) => {
      for (const stream of [false, true])
        await expect(
          client.completions.create({ model: 'scripted', prompt, stream } as never),
        ).rejects.toMatchObject({
          status: 400,
          code: 'invalid-argument',
          param: expect.stringMatching(/^prompt/),
        });
    },
  );
});

describe('what does not fit the context', () => {
  const text = 'tea '.repeat(5000);
  it.each<[string, string, string, object]>([
    ['completions', 'prompt', 'Shorten the prompt', { prompt: text }],
    ['chat/completions', 'messages', 'oldest messages', { messages: [{ role: 'user', content: text }] }],
    ['responses', 'input', 'truncation to "auto"', { input: text }],
    ['responses', 'input', 'last item', { input: text, truncation: 'auto' }],
  ])('%s refuse by the name of %s, with a remedy of theirs', async (path, param, remedy, body) => {
    for (const stream of [false, true]) {
      const request = client.post(`/${path}`, { body: { model: 'words', stream, ...body } });
      const failure: { message: string; error: { remedy: string } } = await request.then(
        () => expect.unreachable(),
        (error) => error,
      );
      expect(failure).toMatchObject({ status: 400, code: 'context-overflow', param });
      expect(failure.error.remedy).toContain(remedy);
      expect(failure.message).not.toMatch(/contextTokens|kvMemoryBytes|overflow:/);
    }
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

  it('hold the arguments of calls whole, however their pieces come', async () => {
    const request = { model: 'turns', input: 'Hello' };
    const whole = await client.responses.create(request);
    const stream = client.responses.stream(request);
    const done: string[] = [];
    for await (const event of stream)
      if (event.type === 'response.function_call_arguments.done') done.push(event.arguments);
    const expected = ['{"city":"Oslo"}', '{"city":"Rome"}', '{}', '{}'];
    expect(done).toEqual(expected);
    for (const { output } of [whole, await stream.finalResponse()])
      expect(output).toMatchObject(
        expected.map((json, index) => ({
          type: 'function_call',
          call_id: `call_${index + 1}`,
          arguments: json,
          status: 'completed',
        })),
      );
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
    ['top_logprobs', { top_logprobs: 2 }],
    ['include', { include: ['message.output_text.logprobs'] }],
    ['stop', { stop: ['x'] }],
    ['n', { n: 2 }],
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

  it('that end in an error have failed', async () => {
    const whole = client.responses.create({ model: 'halting', input: 'x' });
    await expect(whole).rejects.toMatchObject({ status: 503, code: 'unavailable' });
    const stream = await client.responses.create({ model: 'halting', input: 'x', stream: true });
    const events = [];
    for await (const event of stream) events.push(event);
    expect(events.at(-1)).toMatchObject({ type: 'response.failed', response: { status: 'failed' } });
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

  it('refuse texts that do not fit by their own name, and cut them where they are told to', async () => {
    const input = ['tea', 'green tea '.repeat(5000)];
    await expect(client.embeddings.create({ model: 'encoder', input })).rejects.toMatchObject({
      code: 'context-overflow',
      param: 'input.1',
      error: { remedy: expect.stringContaining('truncate to true') },
    });
    for (const fields of [{ truncate: true }, { truncate_prompt_tokens: -1 }]) {
      const answer = await client.embeddings.create({ model: 'encoder', input, ...fields } as never);
      expect(answer).toMatchObject({
        trivium: { warnings: [expect.stringMatching(/cut to .* by index: 1\.$/)] },
      });
    }
    for (const fields of [{ truncate: false, truncate_prompt_tokens: -1 }, { truncate_prompt_tokens: 8 }])
      await expect(
        client.embeddings.create({ model: 'encoder', input, ...fields } as never),
      ).rejects.toMatchObject({ status: 400 });
  });

  it('of texts without tokens are zeros, and it is said', async () => {
    const answer = await client.embeddings.create({ model: 'static', input: ['tea', ' '] });
    expect(answer).toMatchObject({ trivium: { warnings: [expect.stringContaining('zeros')] } });
    expect(answer.data[1]!.embedding.every((value) => value === 0)).toBe(true);
  });
});

describe('rerank', () => {
  it('refuses documents that do not fit by their own name, and cuts them where it is told to', async () => {
    const documents = ['tea', 'green tea '.repeat(5000)];
    const body = { model: 'encoder', query: 'tea', documents };
    await expect(client.post('/rerank', { body })).rejects.toMatchObject({
      code: 'context-overflow',
      param: 'documents.1',
    });
    expect(await client.post('/rerank', { body: { ...body, truncate: true } })).toMatchObject({
      trivium: { warnings: [expect.stringMatching(/documents .* by index: 1\.$/)] },
    });
  });

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

  it('says what a model does not read of a query', async () => {
    const body = {
      model: 'embedder',
      query: 'How long is tea steeped? '.repeat(20),
      documents: ['Two minutes.'],
    };
    const { trivium } = await client.post<{ trivium: { warnings: string[] } }>('/rerank', { body });
    expect(trivium.warnings).toEqual([expect.stringContaining('the ranker reads the first 40')]);
  });
});
