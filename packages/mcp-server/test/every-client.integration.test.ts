/**
 * The real command over both transports, driven by clients of both SDK lines: answers with places that are read back,
 * resources that are watched, progress and cancellation across processes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AnyClient, clients, type Target } from './support/any-client.js';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const workspace = here('../../../');
const tea = '# Tea\n\n茶 🍵\n\nGreen tea is steeped for two minutes at eighty degrees.\n';

let folder: string;
let command: { command: string; args: string[]; env: Record<string, string>; cwd: string };
let listening: ChildProcess;
let url: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trivium-mcp-every-'));
  await writeFile(join(folder, 'tea.md'), tea);
  await writeFile(join(folder, 'coffee.md'), '# Coffee\n\nEspresso is pressed at nine bar.\n');
  command = {
    command: process.execPath,
    args: [here('../bin/trivium-mcp-server.mjs'), '--root', folder, '--plugins', 'word-count'],
    env: { PATH: process.env.PATH!, TRIVIUM_CACHE_DIR: join(folder, '.cache') },
    cwd: workspace,
  };
  listening = spawn(command.command, [...command.args, '--http', '--port', '0'], {
    cwd: workspace,
    env: { ...command.env, TRIVIUM_MCP_TOKEN: 'secret' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [line] = await once(createInterface({ input: listening.stderr! }), 'line');
  url = /listening on (\S+)/.exec(line)![1]!;
});
afterAll(async () => {
  listening.kill('SIGTERM');
  if (listening.exitCode === null) await once(listening, 'exit');
  expect(listening.exitCode).toBe(0);
  await rm(folder, { recursive: true, force: true });
});

describe.each(clients)('a client of %s', (_label, connect) => {
  describe.each(['HTTP', 'standard input and output'])('over %s', (transport) => {
    let client: AnyClient;
    beforeAll(async () => {
      const target: Target =
        transport === 'HTTP' ? { url, headers: { authorization: 'Bearer secret' } } : command;
      client = await connect(target);
    });
    afterAll(() => client.close());

    it('gets an answer whose places can be read back', async () => {
      const { structuredContent, content } = await client.call('documents_ask', {
        question: 'How long is green tea steeped?',
      });
      const { citations } = structuredContent as { citations: { path: string; text: string }[] };
      expect(citations[0]).toMatchObject({ path: 'tea.md', text: expect.stringContaining('two minutes') });
      const link = content.find(({ type }) => type === 'resource_link')!;
      expect((await client.read(link.uri!)).text).toBe(citations[0]!.text);
    });

    it('lists and reads documents, and none outside', async () => {
      const { resources } = await client.resources();
      expect(resources.map(({ uri }) => uri)).toEqual(['doc:///coffee.md', 'doc:///tea.md']);
      expect((await client.read('doc:///tea.md')).text).toBe(tea);
      await expect(client.read('doc:///../../etc/passwd')).rejects.toThrow('outside');
      await expect(client.resources('made-up')).rejects.toThrow('cursor');
      const template = { type: 'ref/resource' as const, uri: 'doc:///{+path}{?start,end}' };
      expect(await client.complete(template, 'path', 'te')).toEqual(['tea.md']);
      const prompt = { type: 'ref/prompt' as const, name: 'compare_documents' };
      expect(await client.complete(prompt, 'first', 'cof')).toEqual(['coffee.md']);
    });

    it('is told when a document changes', async () => {
      const stop = await client.subscribe('doc:///coffee.md');
      await writeFile(
        join(folder, 'coffee.md'),
        `# Coffee\n\nEspresso is pressed at nine bar. ${Date.now()}\n`,
      );
      await expect.poll(() => client.updated, { timeout: 15_000 }).toContain('doc:///coffee.md');
      await stop();
    });

    it('gets prompts that name what they were given', async () => {
      const [message] = await client.prompt('compare_documents', { first: 'tea.md', second: 'coffee.md' });
      expect(message?.content.text).toContain('Compare tea.md and coffee.md');
      await expect(client.prompt('compare_documents', { first: 'tea.md' })).rejects.toThrow('second');
    });

    it('sees progress, and cancels what would take long', async () => {
      const seen: number[] = [];
      const onprogress = ({ progress }: { progress: number }) => seen.push(progress);
      const counted = await client.call('word_count_count', { texts: ['a b', 'c'] }, { onprogress });
      expect(counted.structuredContent).toEqual({ words: [2, 1], total: 3 });
      expect(seen).toEqual([1, 2]);
      const controller = new AbortController();
      const hanging = client.call(
        'word_count_count',
        { texts: ['a'], pauseMs: 600_000 },
        { signal: controller.signal },
      );
      setTimeout(() => controller.abort(), 50);
      await expect(hanging).rejects.toThrow();
      expect((await client.call('word_count_count', { texts: ['a'] })).structuredContent).toMatchObject({
        total: 1,
      });
    });
  });
});
