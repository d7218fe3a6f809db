/** The extension of chat that writes in stages: what is source and what is task, events in the stream, what is refused. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { factsText, obedientModel, promptText } from '../long-text/write-fakes.js';
import { eventData, type TestServer, testServer, until } from './fixtures.js';

const model = obedientModel('writer');
const polisher = obedientModel('polisher');
const source = factsText(60);
let server: TestServer;
beforeAll(async () => {
  server = await testServer({ models: { writer: model, polisher } });
});
afterAll(() => server[Symbol.asyncDispose]());

const post = (body: object, init?: RequestInit) =>
  server.post('/v1/chat/completions', { model: 'writer', target_words: 200, ...body }, init);
const messages = [
  { role: 'system', content: 'Write for engineers.' },
  { role: 'user', content: source },
  { role: 'user', content: 'A report of what the records say.' },
];

interface Chunk {
  choices: { delta: { content?: string }; finish_reason: string | null }[];
  trivium?: {
    event?: { type: string; stage?: string };
    citations?: unknown[];
    stages?: { stage: string; model: string }[];
  };
}

describe('a staged chat', () => {
  it('writes from the texts before the last one, which says what to write', async () => {
    const from = model.calls.length;
    const response = await post({ messages, summary_ratio: 0.4 });
    expect(response.status).toBe(200);
    const { choices, trivium, usage } = (await response.json()) as {
      choices: [{ message: { content: string } }];
      trivium: { stages: { stage: string }[]; citations: { path: string; text: string }[]; words: number };
      usage: { completion_tokens: number };
    };
    expect(choices[0].message.content).toMatch(/\[1\]/);
    expect(trivium.stages.map(({ stage }) => stage)).toEqual(['summary', 'expand', 'polish']);
    for (const { path, text } of trivium.citations) {
      expect(path).toBe('-');
      expect(source).toContain(text);
    }
    expect(usage.completion_tokens).toBeGreaterThan(0);
    const { user } = promptText(model.calls[from]!);
    expect(user).toContain('Record 1 says');
    expect(JSON.stringify(model.calls[from]!.prompt)).toContain('A report of what the records say.');
    expect(JSON.stringify(model.calls[from]!.prompt)).toContain('Write for engineers.');
  });

  it('streams the events of its stages, drafts included, then the text', async () => {
    const response = await post({ messages, stages: { polish: { model: 'polisher' } }, stream_output: true });
    const data = await eventData(response);
    expect(data.at(-1)).toBe('[DONE]');
    const chunks = data.slice(0, -1).map((one) => JSON.parse(one) as Chunk);
    const events = chunks.flatMap(({ trivium }) => trivium?.event ?? []);
    const starts = events.filter(({ type }) => type === 'stage-start').map(({ stage }) => stage);
    expect(starts).toEqual(['summary', 'expand', 'polish']);
    expect(events.some(({ type }) => type === 'text-delta')).toBe(true);
    const last = chunks.at(-1)!;
    expect(last.choices[0]!.finish_reason).toBe('stop');
    expect(last.trivium!.stages!.map(({ model: id }) => id)).toEqual(['writer', 'writer', 'polisher']);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toMatch(/\[1\]/);
  });

  it('leaves drafts out where they are not wanted', async () => {
    const response = await post({ messages, stream: true, stream_output: false });
    const events = (await eventData(response))
      .slice(0, -1)
      .flatMap((one) => (JSON.parse(one) as Chunk).trivium?.event ?? []);
    expect(events.some(({ type }) => type === 'section-end')).toBe(true);
    expect(events.some(({ type }) => type === 'text-delta')).toBe(false);
  });

  it('takes a file of text as its source, and a single text as both', async () => {
    const file = {
      file_data: `data:text/plain;base64,${Buffer.from(source).toString('base64')}`,
      filename: 'a.txt',
    };
    const content = [
      { type: 'file', file },
      { type: 'text', text: 'A report.' },
    ];
    expect((await post({ messages: [{ role: 'user', content }], summary_ratio: 0.3 })).status).toBe(200);
    expect((await post({ messages: [{ role: 'user', content: source }], summary_ratio: 0.3 })).status).toBe(
      200,
    );
  });

  it('gives its temperature to each stage that has none of its own', async () => {
    const from = [model.calls.length, polisher.calls.length];
    const stages = { expand: { temperature: 0.2 }, polish: { model: 'polisher' } };
    expect((await post({ messages, temperature: 0.7, stages })).status).toBe(200);
    const temperatures = (calls: { temperature?: number | undefined }[]) =>
      new Set(calls.map(({ temperature }) => temperature));
    expect(temperatures(model.calls.slice(from[0]))).toEqual(new Set([0.7, 0.2]));
    expect(temperatures(polisher.calls.slice(from[1]))).toEqual(new Set([0.7]));
  });

  it('is asked for: a chat that wants no drafts is still a chat', async () => {
    const from = model.calls.length;
    const body = { model: 'writer', messages, stream_output: false };
    expect((await server.post('/v1/chat/completions', body)).status).toBe(200);
    expect(model.calls.length - from).toBe(1);
  });

  it('lets pass what changes nothing', async () => {
    const neutral = { n: 1, top_p: 1, presence_penalty: 0, stop: [], tools: [], tool_choice: 'auto' };
    const format = { response_format: { type: 'text' }, logprobs: false, modalities: ['text'], seed: null };
    expect((await post({ messages, ...neutral, ...format })).status).toBe(200);
  });

  it.each([
    ['n', 2],
    ['audio', {}],
    ['web_search_options', {}],
    ['max_tokens', 100],
    ['max_completion_tokens', 100],
    ['stop', ['X']],
    ['seed', 1],
    ['top_p', 0.5],
    ['top_logprobs', 2],
    ['reasoning_effort', 'low'],
    ['logit_bias', { '1': 1 }],
    ['tool_choice', 'required'],
  ])('refuses %s, which no stage follows', async (param, value) => {
    const response = await post({ messages, [param]: value });
    expect(await response.json()).toMatchObject({ error: { param, code: 'unsupported' } });
  });

  it.each([
    ['tools', { tools: [{ type: 'function', function: { name: 'x' } }] }, 'tools', 'unsupported'],
    ['a format', { response_format: { type: 'json_object' } }, 'response_format', 'unsupported'],
    ['a ratio of more than all', { summary_ratio: 1.5 }, 'summary_ratio', 'invalid-argument'],
    ['a stage that is none', { stages: { dream: {} } }, 'stages', 'invalid-argument'],
    [
      'nothing to write from',
      { messages: [{ role: 'user', content: ' ' }], summary_ratio: 0.3 },
      'messages',
      'invalid-argument',
    ],
    [
      'a picture',
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } }] },
        ],
      },
      'messages.0.content',
      'unsupported',
    ],
    [
      'a model of a stage that is not there',
      { stages: { polish: { model: 'other' } } },
      'model',
      'not-found',
    ],
  ])('refuses %s', async (_, fields, param, code) => {
    const response = await post({ messages, ...fields });
    expect((await response.json()) as object).toMatchObject({ error: { param, code } });
  });

  it('tells of its model on its way, before the stages, to a client that is answered at once', async () => {
    await using own = await testServer({ models: { small: 'nano' } });
    const body = { model: 'small', messages, target_words: 200, stream: true, stream_output: false };
    const response = await own.post('/v1/chat/completions', body);
    expect(response.status).toBe(200);
    const told: string[] = [];
    for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
      for (const [, type] of text.matchAll(/"event":\{"type":"([\w-]+)"/g)) told.push(type!);
      if (told.includes('stage-start')) break;
    }
    expect(told[0]).toBe('load-progress');
    expect(told.at(-1)).toBe('stage-start');
  });

  it('stops when the client leaves', async () => {
    const left = new AbortController();
    const response = await post(
      { messages, target_words: 20_000, stream: true, stream_output: true },
      { signal: left.signal },
    );
    const reader = response.body!.getReader();
    await reader.read();
    left.abort();
    await reader.cancel();
    await until(() => server.handler.calls.running === 0);
    const calls = model.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(model.calls.length).toBe(calls);
  });
});
