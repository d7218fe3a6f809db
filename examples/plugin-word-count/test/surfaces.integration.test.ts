/** One definition, every surface: the same call as a function, a command, an endpoint, a tool and a hook, with progress and cancellation on each. */
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
import { invoke, remote } from '@trivium/protocol';
import { createClient } from '@trivium/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { count } from '../dist/contract.js';
import wordCount from '../dist/index.js';
import { noBrowser, openPage, servePage } from './page-in-chromium.js';

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
    const child = start('a', 'b', '--pause-ms', '600000', '--events');
    const said = text(child.stderr);
    // Its first step is there, the second is ten minutes away.
    child.stdout.once('data', () => child.kill('SIGINT'));
    expect(await once(child, 'exit')).toEqual([130, null]);
    expect(await said).toContain('Interrupted.');
  });
});

/** `trivium serve` with the plugin, until `use` has settled. */
async function whileServing<T>(flags: string[], use: (url: string) => Promise<T>): Promise<T> {
  const bin = join(root, 'packages/cli/bin/trivium.mjs');
  const own = ['--port', '0', '--root', folder, '--plugins', 'word-count'];
  const child = spawn(process.execPath, [bin, 'serve', ...own, ...flags], {
    cwd: root,
    env: { ...process.env, TRIVIUM_CACHE_DIR: folder },
  });
  try {
    const [line] = await once(child.stdout, 'data');
    return await use(String(line).trim());
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

describe('over HTTP', () => {
  it('reports, answers, and stops', async () => {
    await whileServing([], async (baseUrl) => {
      const counting = remote(count, { baseUrl });
      const seen: unknown[] = [];
      const never = new AbortController();
      expect(await invoke(counting, { texts }, never, (step) => seen.push(step))).toEqual(counted);
      expect(seen).toEqual(steps);
      const controller = new AbortController();
      const stopped = invoke(counting, long, controller, () => controller.abort());
      await expect(stopped).rejects.toThrow();
      // The next call is answered: nothing of the one that was left holds it up.
      expect(await invoke(counting, { texts }, never)).toEqual(counted);
    });
  });
});

describe.skipIf(noBrowser)(`as a hook in a page${noBrowser}`, () => {
  it('reports, answers, and stops', async () => {
    const site = await servePage();
    await whileServing(['--allow-origin', site.origin], async (baseUrl) => {
      const { page, close } = await openPage(`${site.origin}/?server=${encodeURIComponent(baseUrl)}`);
      try {
        await page.getByRole('button', { name: 'Count', exact: true }).click();
        await page.getByText('7 words').waitFor();
        expect(await page.getByRole('status').textContent()).toBe('success');
        await page.getByRole('button', { name: 'Count slowly' }).click();
        await page.locator('progress[value="1"]').waitFor();
        expect(await page.getByRole('status').textContent()).toBe('running');
        await page.getByRole('button', { name: 'Stop' }).click();
        await page.getByRole('status').filter({ hasText: 'cancelled' }).waitFor();
      } finally {
        await close();
      }
    }).finally(site.close);
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
