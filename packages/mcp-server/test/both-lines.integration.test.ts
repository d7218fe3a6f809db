/** One surface, served over both transports to clients of both SDK lines: they see the same. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMcpFetch, type McpFetch } from '../src/http/mcp-fetch.js';
import { serveHttp } from '../src/http/serve-http.js';
import type { McpSurface } from '../src/surface/surface.js';
import { type AnyClient, clients, type Target } from './support/any-client.js';

const example = (file: string) =>
  fileURLToPath(new URL(`../../../examples/conformance-server/${file}`, import.meta.url));
const { surface: ofExample } = (await import(example('surface.mjs'))) as { surface: McpSurface };

/** A tool that never comes back by itself, and counts how often it was told to. */
let stops = 0;
const hang: McpSurface['tools'][number] = {
  name: 'hang',
  description: 'Hangs.',
  inputSchema: { type: 'object' },
  run: (_input, { signal, onProgress }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        stops += 1;
        reject(signal.reason);
      });
      onProgress?.({ done: 1 });
    }),
};
const surface: McpSurface = { ...ofExample, tools: [...ofExample.tools, hang] };

const inMemory = (mcp: McpFetch): Target => ({
  url: 'http://localhost/mcp',
  fetch: (input, init) => mcp.fetch(new Request(input, init)),
});
const overStdio: Target = { command: process.execPath, args: [example('server.mjs'), '--stdio'] };

it.each(clients)(
  'a client of %s stops a tool over a socket, and so does the end of the server',
  async (_label, connect) => {
    const server = await serveHttp({ surface, port: 0 });
    const client = await connect({ url: server.url });
    const before = stops;
    const controller = new AbortController();
    const hanging = client.call(
      'hang',
      {},
      { signal: controller.signal, onprogress: () => controller.abort() },
    );
    await expect(hanging).rejects.toThrow();
    await expect.poll(() => stops).toBe(before + 1);
    // What still runs when the server is closed is stopped too.
    const left = client.call('hang', {}, { onprogress: () => void server.close() });
    left.catch(() => {});
    await expect.poll(() => stops, { timeout: 10_000 }).toBe(before + 2);
    await client.close();
    await server.close();
  },
);

describe.each(clients)('a client of %s', (label, connect) => {
  describe.each(['HTTP', 'standard input and output'])('over %s', (transport) => {
    let mcp: McpFetch | undefined;
    let client: AnyClient;
    beforeAll(async () => {
      mcp = transport === 'HTTP' ? createMcpFetch({ surface }) : undefined;
      client = await connect(mcp ? inMemory(mcp) : overStdio);
    });
    afterAll(async () => {
      await client.close();
      await mcp?.close();
    });

    it('lists tools with their schemas as they were written', async () => {
      const tools = await client.tools();
      const names = ofExample.tools.map(({ name }) => name);
      expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
      expect(tools.find(({ name }) => name === 'json_schema_2020_12_tool')?.inputSchema).toMatchObject({
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        $defs: { address: { type: 'object' } },
        additionalProperties: false,
      });
    });

    it('gets every kind of content', async () => {
      const kinds = async (name: string) => (await client.call(name)).content.map(({ type }) => type);
      expect(await kinds('test_simple_text')).toEqual(['text']);
      expect(await kinds('test_audio_content')).toEqual(['audio']);
      expect(await kinds('test_multiple_content_types')).toEqual(['text', 'image', 'resource']);
    });

    it('is told that a tool failed, and that there is none', async () => {
      const failed = await client.call('test_error_handling');
      expect(failed).toMatchObject({
        isError: true,
        content: [{ text: expect.stringContaining('intentionally') }],
      });
      await expect(client.call('nothing')).rejects.toThrow('no tool nothing');
    });

    it('sees progress grow', async () => {
      const seen: number[] = [];
      await client.call('test_tool_with_progress', {}, { onprogress: ({ progress }) => seen.push(progress) });
      expect(seen).toEqual([0, 50, 100]);
    });

    it('answers questions of its model and its user', async () => {
      const sampled = await client.call('test_sampling', { prompt: 'Hello' });
      expect(sampled.content[0]?.text).toBe('LLM response: an answer of the model');
      const elicited = await client.call('test_elicitation', { message: 'Who are you?' });
      expect(elicited.content[0]?.text).toContain('"username":"ada"');
    });

    it('reads resources, prompts and completions', async () => {
      expect((await client.resources()).resources).toHaveLength(3);
      expect(await client.read('test://static-text')).toMatchObject({ mimeType: 'text/plain' });
      expect((await client.read('test://static-binary')).blob).toBeTypeOf('string');
      expect((await client.read('test://template/7/data')).text).toContain('Data for ID: 7');
      await expect(client.read('test://nothing')).rejects.toThrow('no resource');
      await expect(client.read('file:///etc/passwd')).rejects.toThrow('no resource');
      expect(await client.prompts()).toHaveLength(4);
      const [message] = await client.prompt('test_prompt_with_arguments', { arg1: 'a', arg2: 'b' });
      expect(message?.content.text).toContain("arg1='a', arg2='b'");
      await expect(client.prompt('test_prompt_with_arguments', { arg1: 'a' })).rejects.toThrow('needs arg2');
      const ref = { type: 'ref/prompt' as const, name: 'test_prompt_with_arguments' };
      expect(await client.complete(ref, 'arg1', 'par')).toEqual(['paris', 'park', 'party']);
      const template = { type: 'ref/resource' as const, uri: 'test://template/{id}/data' };
      expect(await client.complete(template, 'id', '12')).toEqual(['12', '123']);
    });

    // Over standard input and output it is examples/plugin-word-count that does.
    const cancels = async () => {
      const before = stops;
      const controller = new AbortController();
      const hanging = client.call(
        'hang',
        {},
        { signal: controller.signal, onprogress: () => controller.abort() },
      );
      await expect(hanging).rejects.toThrow();
      await expect.poll(() => stops).toBe(before + 1);
      expect((await client.call('test_simple_text')).isError ?? false).toBe(false);
    };
    if (transport === 'HTTP') it('cancels a tool that hangs, and is answered on', cancels);

    // The 2026-07-28 revision asks for lines of the log with each request, which this client does not do.
    const readsLog = async () => {
      await client.call('test_tool_with_logging');
      await expect.poll(() => client.logged).toHaveLength(3);
    };
    if (!label.includes('2026')) it('reads the log', readsLog);
  });
});
