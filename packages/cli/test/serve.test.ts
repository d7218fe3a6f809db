/** The command `trivium serve` as people start it: its address, its key, its end; and wrong calls. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { readServeFlags } from '../src/serve/serve-flags.js';

const bin = fileURLToPath(new URL('../bin/trivium.mjs', import.meta.url));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

function start(args: string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [bin, 'serve', ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let notes = '';
  child.stderr.on('data', (chunk) => (notes += chunk));
  return { child, notes: () => notes, exit: once(child, 'exit') as Promise<[number]> };
}

async function folder(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'trivium-serve-'));
  await writeFile(join(root, 'tea.md'), '# Tea\n\nGreen tea is steeped for two minutes.\n');
  return root;
}

describe('trivium serve', () => {
  it('says its address, answers with a key, logs no words, and ends in order', async () => {
    const cache = await mkdtemp(join(tmpdir(), 'trivium-cache-'));
    const args = [
      '--port',
      '0',
      '--root',
      await folder(),
      '--model',
      'nano',
      '--streams',
      join(cache, 'streams'),
    ];
    const { child, notes, exit } = start(args, { TRIVIUM_API_KEY: 'secret-key', TRIVIUM_CACHE_DIR: cache });
    const [url] = (await once(createInterface(child.stdout!), 'line')) as [string];
    const post = (path: string, body: object) =>
      fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer secret-key' },
        body: JSON.stringify(body),
      });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/v1/models`)).status).toBe(401);
    const messages = [{ role: 'user', content: 'wellington' }];
    const chat = await post('/v1/chat/completions', { messages, max_tokens: 4 });
    expect(await chat.json()).toMatchObject({ model: 'nano', usage: { completion_tokens: 4 } });
    const asked = await post('/v1/capabilities/documents/ask', { question: 'How long is tea steeped?' });
    expect(await asked.json()).toMatchObject({ citations: [{ path: 'tea.md' }] });
    child.kill('SIGTERM');
    expect((await exit)[0]).toBe(0);
    expect(notes()).toMatch(/POST \/v1\/chat\/completions 200 \d+ ms req_\w+/);
    expect(notes()).not.toContain('wellington');
    expect(notes()).not.toContain('secret-key');
  });

  it.each([
    [['--port', 'http'], '--port'],
    [['--colour'], '--colour'],
    [['--host', '0.0.0.0'], 'key'],
    [['--root', '/nowhere'], 'root'],
  ])('%s is a wrong call', async (args, word) => {
    const { notes, exit } = start(args);
    expect((await exit)[0]).toBe(2);
    expect(notes()).toContain(word);
  });

  it('reads its flags', () => {
    const flags = readServeFlags(
      [
        '--plugins',
        'a, b',
        '--plugins',
        'c',
        '--api-key',
        'x',
        '--allow-origin',
        'https://a.example',
        '--drain-seconds',
        '3',
      ],
      { TRIVIUM_API_KEY: 'y', TRIVIUM_MODEL: 'nano' },
    );
    expect(flags).toMatchObject({
      plugins: ['a', 'b', 'c'],
      apiKeys: ['x', 'y'],
      allowedOrigins: ['https://a.example'],
      drainMs: 3000,
      model: 'nano',
      hostname: '127.0.0.1',
      port: 7474,
    });
  });
});
