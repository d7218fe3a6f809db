/** One definition, every surface: the same call as a function, a command and a tool, with progress and cancellation on each. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { ProgressNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { createClient } from '@trivium/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import wordCount from '../dist/index.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const texts = ['How many?', '三个词在这里'];
const counted = { words: [2, 5], total: 7 };
const steps = [
  { done: 1, total: 2 },
  { done: 2, total: 2 },
];
/** A call that is cancelled long before it would end. */
const long = { texts: ['one', 'two'], pauseMs: 600_000 };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trivium-word-count-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('as a function', () => {
  it('reports, answers, and stops', async () => {
    await using client = createClient({ cacheDir: folder });
    const { count } = client.use(wordCount);
    const seen: unknown[] = [];
    expect(await count({ texts }, { onProgress: (step) => seen.push(step) })).toEqual(counted);
    expect(seen).toEqual(steps);
    const running = count(long);
    setTimeout(() => running.cancel(), 20);
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('as a command', () => {
  const start = (...args: string[]) =>
    spawn(process.execPath, [join(root, 'packages/cli/bin/trivium.mjs'), 'word-count', 'count', ...args], {
      cwd: root,
      env: { ...process.env, TRIVIUM_CACHE_DIR: folder },
    });

  it('reports and answers', async () => {
    const child = start(...texts, '--events');
    const lines = (await text(child.stdout)).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([...steps, { type: 'output', output: counted }]);
  });

  it('stops when it is interrupted', async () => {
    const child = start(...Array.from({ length: 1000 }, () => 'a'), '--pause-ms', '200', '--events');
    const said = text(child.stderr);
    // Its first step says that it has begun; it would take minutes.
    child.stdout.once('data', () => child.kill('SIGINT'));
    expect(await once(child, 'exit')).toEqual([130, null]);
    expect(await said).toContain('Interrupted.');
  });
});

describe('as an MCP tool', () => {
  const serverArgs = [
    join(root, 'packages/mcp-server/bin/trivium-mcp-server.mjs'),
    ...['--root', 'examples', '--plugins', 'word-count'],
  ];
  const env = () => ({ ...process.env, TRIVIUM_CACHE_DIR: folder }) as Record<string, string>;

  async function drive(transport: Transport): Promise<void> {
    const client = new Client({ name: 'test', version: '1' });
    const seen: unknown[] = [];
    // All of them: the SDK's own handler leaves out those that it reads together with the answer.
    client.setNotificationHandler(ProgressNotificationSchema, ({ params: { progress, total } }) => {
      seen.push({ done: progress, total });
    });
    await client.connect(transport);
    try {
      const call = { name: 'word_count_count', arguments: { texts } };
      const answered = await client.callTool(call, undefined, { onprogress: () => {} });
      expect(answered.structuredContent).toEqual(counted);
      expect(answered.content).toEqual([{ type: 'text', text: '2\n5\n7 in all' }]);
      expect(seen).toEqual(steps);
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 50);
      const stopped = client.callTool({ name: 'word_count_count', arguments: long }, undefined, {
        signal: controller.signal,
      });
      await expect(stopped).rejects.toThrow();
      // As a job it goes on without its call, and is stopped by its id.
      const started = await client.callTool({
        name: 'jobs_start',
        arguments: { tool: 'word_count_count', arguments: long },
      });
      const { id } = started.structuredContent as { id: string };
      const ended = await client.callTool({ name: 'jobs_cancel', arguments: { id } });
      expect(ended.structuredContent).toMatchObject({ id, plugin: 'word-count', status: 'cancelled' });
    } finally {
      await client.close();
    }
  }

  it('over standard input and output: reports, answers, and stops', async () => {
    await drive(
      new StdioClientTransport({ command: process.execPath, args: serverArgs, cwd: root, env: env() }),
    );
  });

  it('over HTTP: reports, answers, and stops', async () => {
    const child = spawn(process.execPath, [...serverArgs, '--http', '--port', '0'], {
      cwd: root,
      env: { ...env(), TRIVIUM_MCP_TOKEN: 'secret' },
    });
    try {
      let said = '';
      for await (const chunk of child.stderr) {
        said += chunk;
        if (/listening on (\S+)/.test(said)) break;
      }
      const url = new URL(/listening on (\S+)/.exec(said)![1]!);
      const requestInit = { headers: { authorization: 'Bearer secret' } };
      await drive(new StreamableHTTPClientTransport(url, { requestInit }) as Transport);
    } finally {
      child.kill();
      if (child.exitCode === null) await once(child, 'exit');
    }
  });
});
