/** Parts `data-trivium-*` of `/api/chat`: what an answer took and lacks, and answers from documents, as the AI SDK's own chat reads them. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Chat } from '@ai-sdk/react';
import { chatDataSchemas, type TriviumDataParts } from '@trivium/protocol';
import { DefaultChatTransport, type UIMessage } from 'ai';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { doneFrame } from '../../src/server/event-stream.js';
import { continuedFrames } from '../../src/server/ui/continued-message.js';
import { scriptedModel } from '../../src/testing/index.js';
import { type TestServer, testServer } from './fixtures.js';

type Message = UIMessage<unknown, TriviumDataParts>;

let server: TestServer;
beforeAll(async () => {
  const quick = scriptedModel(['The answer is 42.'], { specification: 'v3' });
  server = await testServer({ model: 'quick', models: { quick, nano: 'nano' } });
});
afterAll(() => server[Symbol.asyncDispose]());

/** A chat of the AI SDK over the handler; what does not fit the schemas of the parts is an error of it. */
function chatWith(body: object): Chat<Message> {
  return new Chat<Message>({
    dataPartSchemas: chatDataSchemas,
    transport: new DefaultChatTransport({
      api: 'http://localhost:7474/api/chat',
      body,
      fetch: (url, init) => server.handler.fetch(new Request(url as string, init)),
    }),
  });
}

const partsOf = (chat: Chat<Message>, type: Message['parts'][number]['type']) =>
  (chat.messages.at(-1)?.parts ?? []).filter((part) => part.type === type);

describe('data-trivium-usage', () => {
  it('tells tokens and times of an answer, and a conversation goes on with it', async () => {
    const chat = chatWith({ model: 'nano', maxOutputTokens: 12 });
    for (const turn of [1, 2]) {
      await chat.sendMessage({ text: 'Name a tea.' });
      expect(chat.error).toBeUndefined();
      expect(chat.messages).toHaveLength(2 * turn);
      const [part, more] = partsOf(chat, 'data-trivium-usage');
      expect(more).toBeUndefined();
      expect(part).toMatchObject({
        data: { model: 'nano', inputTokens: expect.any(Number), outputTokens: expect.any(Number) },
      });
      const { firstTokenMs = 0, ms } = (part as { data: TriviumDataParts['trivium-usage'] }).data;
      expect(ms).toBeGreaterThanOrEqual(firstTokenMs);
    }
  });
});

describe('data-trivium-warning', () => {
  it('tells what the model was asked and does not do, before what the answer took', async () => {
    const chat = chatWith({
      model: 'nano',
      maxOutputTokens: 4,
      tools: { weather: { inputSchema: { type: 'object', properties: {} } } },
    });
    await chat.sendMessage({ text: 'How is the weather?' });
    expect(chat.error).toBeUndefined();
    expect(partsOf(chat, 'data-trivium-warning')).toMatchObject([
      { data: { message: expect.stringContaining('tools') } },
    ]);
    expect(chat.messages.at(-1)?.parts.at(-1)?.type).toBe('data-trivium-usage');
  });

  it('tells which documents an answer does without', async () => {
    await writeFile(join(server.root, 'scan.pdf'), 'no PDF');
    await writeFile(join(server.root, 'other.pdf'), 'no PDF either');
    const chat = chatWith({ documents: { paths: ['.'] } });
    await chat.sendMessage({ text: 'How long is green tea steeped?' });
    await Promise.all(['scan.pdf', 'other.pdf'].map((name) => rm(join(server.root, name))));
    expect(chat.error).toBeUndefined();
    expect(partsOf(chat, 'data-trivium-warning').map((part) => (part as { data: object }).data)).toEqual(
      expect.arrayContaining(
        ['scan.pdf', 'other.pdf'].map((path) => ({ path, message: expect.stringContaining('not a PDF') })),
      ),
    );
    expect(partsOf(chat, 'text')).toHaveLength(1);
  });
});

describe('an answer from documents', () => {
  it('tells its stages, its text and what its markers cite', async () => {
    const chat = chatWith({ documents: { paths: ['.'] } });
    await chat.sendMessage({ text: 'How long is green tea steeped?' });
    expect(chat.error).toBeUndefined();
    const text = partsOf(chat, 'text').map((part) => (part as { text: string }).text);
    expect(text.join('')).toContain('two minutes');
    expect(text.join('')).toContain('[1]');
    expect(partsOf(chat, 'data-trivium-citation')[0]).toMatchObject({
      data: { number: 1, citation: { path: 'tea.md', line: expect.any(Number) } },
    });
    expect(partsOf(chat, 'data-trivium-stage').map((part) => (part as { data: object }).data)).toEqual([
      expect.objectContaining({ stage: 'read', status: 'finished' }),
      expect.objectContaining({ stage: 'answer', status: 'finished' }),
    ]);
    // The next turn, with the parts in its messages, is answered by the model.
    await chat.sendMessage({ text: 'Thanks' }, { body: { documents: undefined } });
    expect(chat.error).toBeUndefined();
  });

  it('leaves no stage running where it is ended', async () => {
    const ended = async () => {
      const chat = chatWith({ model: 'nano', documents: { paths: ['.'], writes: true } });
      const answered = chat.sendMessage({ text: 'How long is green tea steeped?' });
      const statuses = () =>
        partsOf(chat, 'data-trivium-stage').map((part) => (part as { data: { status: string } }).data.status);
      await vi.waitFor(() => expect(statuses()).toContain('running'), { interval: 1 });
      await server.post(`/api/chat/${chat.id}/cancel`, {});
      await answered;
      expect(statuses()).not.toContain('running');
      return statuses().at(-1);
    };
    // An answer may be at its end when it is asked to: one that was not is enough.
    const last: (string | undefined)[] = [];
    while (last.length < 20 && !last.includes('stopped')) last.push(await ended());
    expect(last).toContain('stopped');
  });

  it('stays inside the root, and is asked something', async () => {
    const outside = chatWith({ documents: { paths: ['../secret.md'] } });
    await outside.sendMessage({ text: 'What?' });
    expect(outside.error?.message).toContain('outside the folder');
    const silent = chatWith({ documents: { paths: ['.'] } });
    await silent.sendMessage({ text: '  ' });
    expect(silent.error?.message).toContain('asks nothing');
  });

  it('is written by models of the host alone', async () => {
    const foreign = chatWith({ model: 'quick', documents: { paths: ['.'], writes: true } });
    await foreign.sendMessage({ text: 'How long is green tea steeped?' });
    expect(foreign.error?.message).toContain('writes no answers from documents');
    const own = chatWith({ model: 'nano', documents: { paths: ['tea.md'], writes: true } });
    await own.sendMessage({ text: 'How long is green tea steeped?' });
    expect(own.error).toBeUndefined();
    // What nano writes may cite nothing; it writes, and says where it stands.
    expect(partsOf(own, 'text')).toHaveLength(1);
    const stages = partsOf(own, 'data-trivium-stage').map(
      (part) => (part as { data: { stage: string } }).data.stage,
    );
    expect(stages.slice(-2)).toEqual(['read', 'answer']); // before them the model, unless an earlier call has loaded it
  });
});

describe('an answer behind the results of tools', () => {
  it('is taken up again with the whole message that it continues', async () => {
    const call = { toolCalls: [{ toolName: 'weather', input: { city: 'Oslo' } }] };
    const model = scriptedModel([call, 'It is cold.'], { specification: 'v3' });
    await using own = await testServer({ model: 'model', models: { model } });
    const ran: string[] = [];
    const chatOf = (messages: Message[]) =>
      new Chat<Message>({
        id: 'tools',
        messages,
        onToolCall: ({ toolCall }) => void ran.push(toolCall.toolName),
        transport: new DefaultChatTransport({
          api: 'http://localhost:7474/api/chat',
          body: { tools: { weather: { inputSchema: { type: 'object', properties: {} } } } },
          fetch: (url, init) => own.handler.fetch(new Request(url as string, init)),
        }),
      });
    const chat = chatOf([]);
    await chat.sendMessage({ text: 'How is the weather?' });
    const [part] = chat.messages.at(-1)!.parts.filter((one) => one.type === 'tool-weather');
    const { toolCallId } = part as { toolCallId: string };
    await chat.addToolOutput({ tool: 'weather', toolCallId, output: { degrees: -5 } });
    const before = structuredClone(chat.messages);
    const stream = await own.post('/api/chat', { id: 'tools', messages: before });
    // Its sender has the message already, and leaves before the end.
    const reader = stream.body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).not.toContain('tool-output-available');
    await reader.cancel();
    const reloaded = chatOf(before);
    await reloaded.resumeStream();
    expect(reloaded.error).toBeUndefined();
    expect(reloaded.messages).toHaveLength(2);
    const { id, parts } = reloaded.messages.at(-1)!;
    expect(id).toBe(before.at(-1)!.id);
    // What the answer took replaces what the part of it before took.
    const plain = (of: Message['parts']) =>
      JSON.parse(JSON.stringify(of.filter(({ type }) => type !== 'data-trivium-usage')));
    const known = plain(before.at(-1)!.parts);
    const found = plain(parts);
    expect(found.slice(0, known.length)).toEqual(known);
    expect(found.slice(known.length)).toMatchObject([{ type: 'step-start' }, { text: 'It is cold.' }]);
    expect(ran).toEqual(['weather']);
  });
});

it('tells each part of a message that is continued in chunks that make it again', async () => {
  const parts = [
    { type: 'step-start' },
    { type: 'reasoning', text: 'Hm.', state: 'done' },
    { type: 'text', text: 'See.', state: 'done', providerMetadata: { any: { sign: 'x' } } },
    {
      type: 'tool-a',
      toolCallId: '1',
      state: 'output-available',
      input: { q: [1] },
      output: 'ok',
      title: 'A',
    },
    { type: 'tool-a', toolCallId: '2', state: 'output-error', input: { q: 2 }, errorText: 'no' },
    { type: 'tool-a', toolCallId: '3', state: 'output-error', rawInput: '{', errorText: 'broken' },
    { type: 'dynamic-tool', toolName: 'b', toolCallId: '4', state: 'input-available', input: {} },
    { type: 'file', mediaType: 'text/plain', url: 'data:text/plain,x' },
    { type: 'source-url', sourceId: 's', url: 'http://a.example' },
    { type: 'data-trivium-usage', id: 'usage', data: { model: 'm', ms: 1 } },
  ];
  const frames = continuedFrames([{ id: 'm', role: 'assistant', metadata: { at: 1 }, parts }]);
  const chat = new Chat({
    transport: new DefaultChatTransport({
      api: '/',
      fetch: async () => new Response(`${frames}${doneFrame}`),
    }),
  });
  await chat.resumeStream();
  expect(chat.error).toBeUndefined();
  const [made] = chat.messages;
  expect(made).toMatchObject({ id: 'm', role: 'assistant', metadata: { at: 1 } });
  expect(made!.parts).toMatchObject(parts);
  expect(continuedFrames([{ id: 'q', role: 'user', parts: [{ type: 'text', text: 'x' }] }])).toBe('');
});
