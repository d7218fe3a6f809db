/** Any server's tools as tools of the AI SDK: called by a model, with progress, structured content, errors and abort. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  connectMcp,
  type McpConnection,
  type McpToolOutput,
  type ToolProgress,
} from '@trivium/mcp-server/client';
import { scriptedModel } from '@trivium/sdk/testing';
import { generateText, stepCountIs, streamText } from 'ai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMcpFetch, type McpFetch } from '../src/http/mcp-fetch.js';
import { textBlock } from '../src/surface/content.js';
import type { McpSurface, Tool } from '../src/surface/surface.js';

const tool = (name: string, run: Tool['run']): Tool => ({
  name,
  description: name,
  inputSchema: { type: 'object', properties: { text: { type: 'string' } } },
  run,
});
const said = (text: string) => ({ content: [textBlock(text)], isError: false });

let aborted = 0;
const surface: McpSurface = {
  name: 'kitchen',
  version: '1',
  instructions: 'For tea.',
  tools: [
    {
      ...tool('steep', async ({ text }, { onProgress }) => {
        onProgress?.({ done: 1, total: 2, message: 'boiling' });
        onProgress?.({ done: 2, total: 2 });
        return { structured: { minutes: 2 }, ...said(`${String(text)}: two minutes`) };
      }),
      outputSchema: {
        type: 'object',
        properties: { minutes: { type: 'number' } },
        required: ['minutes'],
      },
    },
    tool('kitchen.boil', async () => said('boiled')),
    tool('picture', async () => ({
      content: [textBlock('a cup'), { type: 'image', data: 'AAAA', mimeType: 'image/png' }],
      isError: false,
    })),
    tool('break', async () => {
      throw new Error('The pot broke.');
    }),
    tool('lie', async () => ({ structured: { minutes: 'two' }, ...said('x') })),
    tool('hang', (_input, { signal, onProgress }) => {
      onProgress?.({ done: 0 });
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted += 1;
          reject(signal.reason);
        });
      });
    }),
  ],
};

let mcp: McpFetch;
let kitchen: McpConnection;
const progress: ToolProgress[] = [];
let onProgress: ((step: ToolProgress) => void) | undefined;
const connect = (options: Parameters<typeof connectMcp>[1] = {}) =>
  connectMcp(
    { url: 'http://localhost/mcp', fetch: async (input, init) => mcp.fetch(new Request(input, init)) },
    options,
  );
beforeAll(async () => {
  mcp = createMcpFetch({ surface });
  kitchen = await connect({
    onProgress: (step) => {
      progress.push(step);
      onProgress?.(step);
    },
  });
});
afterAll(async () => {
  await kitchen.close();
  await mcp.close();
});

const execute = (name: string, input: unknown = {}, abortSignal?: AbortSignal) =>
  kitchen.tools()[name]!.execute!(input, {
    toolCallId: 'call',
    messages: [],
    ...(abortSignal && { abortSignal }),
  }) as Promise<McpToolOutput>;

describe('a connection', () => {
  it('knows its server', () => {
    expect(kitchen.server).toEqual({ name: 'kitchen', version: '1' });
    expect(kitchen.instructions).toBe('For tea.');
  });

  it('puts the server before names that are taken, and takes out what models do not take', () => {
    const plain = Object.keys(kitchen.tools());
    expect(plain).toEqual(['steep', 'kitchen_boil', 'picture', 'break', 'lie', 'hang']);
    expect(Object.keys(kitchen.tools({ steep: {}, picture: {} }))).toEqual([
      'kitchen_steep',
      'kitchen_boil',
      'kitchen_picture',
      'break',
      'lie',
      'hang',
    ]);
    expect(() => kitchen.tools({ steep: {}, kitchen_steep: {} })).toThrow('kitchen_steep');
  });
});

describe('a model', () => {
  it('calls tools and goes on with what they say', async () => {
    progress.length = 0;
    const model = scriptedModel(
      [{ toolCalls: [{ toolName: 'steep', input: { text: 'sencha' } }] }, 'Steep it for two minutes.'],
      { specification: 'v3' },
    );
    const { text, steps } = await generateText({
      model,
      tools: kitchen.tools(),
      stopWhen: stepCountIs(3),
      prompt: 'How long?',
    });
    expect(text).toBe('Steep it for two minutes.');
    expect(steps[0]?.toolResults[0]?.output).toEqual({
      content: [{ type: 'text', text: 'sencha: two minutes' }],
      structured: { minutes: 2 },
    });
    expect(JSON.stringify(model.calls[1]?.prompt)).toContain('sencha: two minutes');
    expect(progress).toEqual([
      { tool: 'steep', toolCallId: 'call-0-0', done: 1, total: 2, message: 'boiling' },
      { tool: 'steep', toolCallId: 'call-0-0', done: 2, total: 2 },
    ]);
  });

  it('is shown pictures, and errors as errors', async () => {
    const model = scriptedModel(
      [
        {
          toolCalls: [
            { toolName: 'picture', input: {} },
            { toolName: 'break', input: {} },
          ],
        },
        'Pity.',
      ],
      { specification: 'v3' },
    );
    const streamed = streamText({
      model,
      tools: kitchen.tools(),
      stopWhen: stepCountIs(3),
      prompt: 'Look.',
    });
    expect(await streamed.text).toBe('Pity.');
    const shown = JSON.stringify(model.calls[1]?.prompt);
    expect(shown).toContain('{"type":"image-data","data":"AAAA","mediaType":"image/png"}');
    expect(shown).toContain('The pot broke.');
    const parts = (await streamed.steps)[0]!.content;
    expect(parts.find(({ type }) => type === 'tool-error')).toMatchObject({
      error: { name: 'TriviumError', code: 'internal' },
    });
  });
});

describe('a call', () => {
  it('that fails throws what the server said, with its code', async () => {
    await expect(execute('break')).rejects.toMatchObject({ code: 'internal', message: 'The pot broke.' });
    await expect(kitchen.client.callTool({ name: 'nothing', arguments: {} })).rejects.toThrow('no tool');
  });

  it("of the SDK's own client hears of its progress", async () => {
    const controller = new AbortController();
    const heard: number[] = [];
    const hanging = kitchen.client.callTool({ name: 'hang', arguments: {} }, undefined, {
      signal: controller.signal,
      onprogress: ({ progress: done }) => {
        heard.push(done);
        controller.abort();
      },
    });
    await expect(hanging).rejects.toThrow();
    expect(heard).toEqual([0]);
    await expect.poll(() => aborted).toBe(1);
    aborted = 0;
  });

  it('stops in the server when it is aborted', async () => {
    const controller = new AbortController();
    onProgress = ({ tool: name }) => {
      if (name === 'hang') controller.abort();
    };
    await expect(execute('hang', {}, controller.signal)).rejects.toMatchObject({ code: 'cancelled' });
    await expect.poll(() => aborted).toBe(1);
  });

  it('may take as long as it was given, however long that is', async () => {
    const patient = await connect({ timeoutMs: Number.POSITIVE_INFINITY });
    const abortSignal = AbortSignal.timeout(50);
    const hanging = patient.tools().hang!.execute!({}, { toolCallId: 'x', messages: [], abortSignal });
    await expect(hanging).rejects.toMatchObject({ code: 'cancelled' });
    await patient.close();
  });

  it('that takes too long says what to do', async () => {
    const hasty = await connect({ timeoutMs: 30 });
    const hanging = hasty.tools().hang!.execute!({}, { toolCallId: 'x', messages: [] });
    await expect(hanging).rejects.toMatchObject({
      code: 'network',
      remedy: expect.stringContaining('timeoutMs'),
    });
    await hasty.close();
  });
});

describe('a server that is not there', () => {
  it('is an error of the network, with the last words of a command', async () => {
    await expect(connectMcp({ url: 'http://127.0.0.1:1/mcp' })).rejects.toMatchObject({ code: 'network' });
    await expect(connectMcp({ command: '/nowhere' })).rejects.toMatchObject({ code: 'network' });
    const dying = connectMcp({
      command: process.execPath,
      args: ['-e', 'console.error("no key"); process.exit(3)'],
    });
    await expect(dying).rejects.toThrow('no key');
  });

  it('or wants a token says so', async () => {
    await using guarded = createMcpFetch({ surface, token: 'secret' });
    const target = (headers?: Record<string, string>) => ({
      url: 'http://localhost/mcp',
      ...(headers && { headers }),
      fetch: async (input: string | URL | Request, init?: RequestInit) =>
        guarded.fetch(new Request(input, init)),
    });
    await expect(connectMcp(target())).rejects.toMatchObject({
      code: 'unauthorized',
      remedy: expect.stringContaining('authorization'),
    });
    await (await connectMcp(target({ authorization: 'Bearer secret' }))).close();
  });
});

describe('our own server, as a command', () => {
  it('answers from documents, and its refusals keep their codes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'trivium-mcp-client-'));
    await writeFile(join(folder, 'tea.md'), '# Tea\n\nGreen tea is steeped for two minutes.\n');
    const bin = fileURLToPath(new URL('../bin/trivium-mcp-server.mjs', import.meta.url));
    const docs = await connectMcp({
      command: process.execPath,
      args: [bin, '--root', folder],
      env: { TRIVIUM_CACHE_DIR: join(folder, '.cache') },
    });
    try {
      const call = (name: string, input: unknown) =>
        docs.tools()[name]!.execute!(input, { toolCallId: 'x', messages: [] }) as Promise<McpToolOutput>;
      const { structured, content } = await call('documents_ask', { question: 'How long is tea steeped?' });
      expect(structured).toMatchObject({ citations: [{ path: 'tea.md' }] });
      const link = content.find(({ type }) => type === 'resource_link') as { uri: string };
      const { contents } = await docs.client.readResource({ uri: link.uri });
      expect(contents[0]).toMatchObject({ text: expect.stringContaining('two minutes') });
      await expect(call('documents_ask', { question: 'x', paths: ['../'] })).rejects.toMatchObject({
        code: 'outside-root',
        remedy: expect.any(String),
      });
    } finally {
      await docs.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
