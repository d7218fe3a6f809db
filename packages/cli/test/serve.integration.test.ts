/** The command `trivium serve` as people start it: its address, its key, its end; and wrong calls. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { log } from '../src/serve/serve-command.js';
import { readServeFlags } from '../src/serve/serve-flags.js';

const bin = fileURLToPath(new URL('../bin/trivium.mjs', import.meta.url));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

function start(args: string[], env: NodeJS.ProcessEnv = {}, stderr: 'pipe' | number = 'pipe') {
  const child: ChildProcess = spawn(process.execPath, [bin, 'serve', ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', stderr],
  });
  children.push(child);
  let notes = '';
  child.stderr?.on('data', (chunk) => (notes += chunk));
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

  it('serves on where nobody reads its notes, or no disk has room for them', async () => {
    const args = ['--port', '0', '--root', await folder(), '--no-playground'];
    const unread = start(args);
    unread.child.stderr?.destroy();
    await using full = process.platform === 'linux' ? await open('/dev/full', 'w') : undefined;
    for (const { child, exit } of full ? [unread, start(args, {}, full.fd)] : [unread]) {
      const [url] = (await once(createInterface(child.stdout!), 'line')) as [string];
      // Each request is a line of the log.
      for (let request = 0; request < 3; request++)
        expect((await fetch(`${url}/v1/models`)).status).toBe(200);
      child.kill('SIGTERM');
      expect(await exit).toEqual([0, null]);
    }
  });

  it('holds plugins to what it is held to itself', async () => {
    const root = await folder();
    const plugin = fileURLToPath(new URL('fixtures/trivium-plugin-teller/index.mjs', import.meta.url));
    const args = ['--port', '0', '--root', root, '--no-playground', '--context-tokens', '64'];
    const { child } = start([...args, '--plugins', plugin]);
    const [url] = (await once(createInterface(child.stdout!), 'line')) as [string];
    const told = await fetch(`${url}/v1/capabilities/teller/tell`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(await told.json()).toEqual({
      documentsWithin: await realpath(root),
      offline: true,
      contextTokens: 64,
    });
  });

  it('cancels jobs of plugins when it ends', async () => {
    const cache = await mkdtemp(join(tmpdir(), 'trivium-cache-'));
    const plugin = fileURLToPath(new URL('fixtures/trivium-plugin-teller/index.mjs', import.meta.url));
    const args = ['--port', '0', '--root', await folder(), '--no-playground', '--plugins', plugin];
    const { child, exit } = start(args, { TRIVIUM_CACHE_DIR: cache });
    const [url] = (await once(createInterface(child.stdout!), 'line')) as [string];
    const started = await fetch(`${url}/v1/capabilities/teller/wait`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', prefer: 'respond-async' },
      body: '{}',
    });
    const { id } = (await started.json()) as { id: string };
    const jobOf = async () => (await fetch(`${url}/v1/jobs/${id}`)).json() as Promise<{ progress?: object }>;
    await vi.waitFor(async () => expect((await jobOf()).progress).toEqual({ done: 0 }), 20_000);
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
    const log = await readFile(join(cache, 'jobs', `${id}.jsonl`), 'utf8');
    expect(JSON.parse(log.trim().split('\n').at(-1)!)).toMatchObject({ type: 'ended', status: 'cancelled' });
  });

  it('has the playground, open and alone, where it is wanted', async () => {
    const cache = await mkdtemp(join(tmpdir(), 'trivium-cache-'));
    const env = { TRIVIUM_API_KEY: 'secret-key', TRIVIUM_CACHE_DIR: cache };
    const { child, notes } = start(['--port', '0', '--root', await folder()], env);
    const [url] = (await once(createInterface(child.stdout!), 'line')) as [string];
    const page = await fetch(`${url}/playground`);
    expect(page.url).toBe(`${url}/playground/`);
    const html = await page.text();
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    const [, script] = /src="\.\/(assets\/[^"]+)"/.exec(html)!;
    const loaded = await fetch(`${url}/playground/${script}`);
    expect(loaded.headers.get('content-type')).toContain('javascript');
    const tag = loaded.headers.get('etag')!;
    const again = await fetch(`${url}/playground/${script}`, { headers: { 'if-none-match': tag } });
    expect(again.status).toBe(304);
    for (const path of ['assets', '../serve.js', '%2e%2e%2findex.js', 'none.js'])
      expect((await fetch(`${url}/playground/${path}`)).status).toBe(404);
    expect((await fetch(`${url}/playground/`, { method: 'POST' })).status).toBe(405);
    await vi.waitFor(() => expect(notes()).toContain(`Playground: ${url}/playground`));
    const bare = start(['--port', '0', '--no-playground', '--root', await folder()], env);
    const [other] = (await once(createInterface(bare.child.stdout!), 'line')) as [string];
    expect((await fetch(`${other}/playground/`)).status).toBe(404);
  });

  it('speaks MCP behind the same key', async () => {
    const cache = await mkdtemp(join(tmpdir(), 'trivium-cache-'));
    const env = { TRIVIUM_API_KEY: 'secret-key', TRIVIUM_CACHE_DIR: cache };
    const { child } = start(['--port', '0', '--root', await folder(), '--read-only'], env);
    const [url] = (await once(createInterface(child.stdout!), 'line')) as [string];
    const mcp = new URL(`${url}/mcp`);
    const connect = async (authorization: string) => {
      const client = new Client({ name: 'test', version: '1' });
      const transport = new StreamableHTTPClientTransport(mcp, {
        requestInit: { headers: { authorization } },
      });
      await client.connect(transport as Parameters<typeof client.connect>[0]);
      return client;
    };
    await expect(connect('Bearer wrong')).rejects.toThrow(/401|key/);
    const client = await connect('Bearer secret-key');
    const { tools } = await client.listTools();
    const names = tools.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['documents_ask', 'models_embed']));
    // What writes is left out, as over HTTP.
    expect(names).not.toContain('documents_write');
    const answer = await client.callTool({
      name: 'documents_ask',
      arguments: { question: 'How long is green tea steeped?' },
    });
    expect(answer.structuredContent).toMatchObject({ citations: [{ path: 'tea.md' }] });
    const outside = await client.callTool({ name: 'documents_text', arguments: { path: '../secret.md' } });
    expect(outside).toMatchObject({ isError: true });
    await client.close();
    const headers = { authorization: 'Bearer secret-key', 'content-type': 'application/json' };
    const evil = { method: 'POST', headers: { ...headers, origin: 'https://evil.example' }, body: '{}' };
    expect((await fetch(mcp, evil)).status).toBe(403);
    // The server says no, or hangs up while it is still sent to.
    const large = fetch(mcp, { method: 'POST', headers, body: 'x'.repeat(5 * 2 ** 20) });
    expect([413, 'cut']).toContain(await large.then(({ status }) => status).catch(() => 'cut'));
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(0);
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

  it('logs no control characters to a terminal, whatever frames of a fault hold', () => {
    const pieces: string[] = [];
    const notes = { isTTY: true, write: (piece: string) => void pieces.push(piece) };
    const request = { requestId: 'req_1', method: 'POST', route: '/mcp', status: 500, durationMs: 1 };
    const fault = '    at \x1b[2Jread\n    at \x9b2Jwrite';
    log({ ...request, code: 'io', systemCode: 'ENOSPC', fault }, notes);
    expect(pieces.join('')).toMatch(
      / POST \/mcp 500 1 ms req_1 io ENOSPC\n {4}at \u241b\[2Jread\n {4}at \ufffd2Jwrite\n$/,
    );
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

  it.each([
    [['--drain-seconds', '-1'], "Option '--drain-seconds' argument is ambiguous.", 'trivium serve --help'],
    [['--prot', '80'], "Unknown option '--prot'.", 'Is --port meant?'],
    [['stray'], "Unexpected argument 'stray'.", 'trivium serve --help'],
  ])('refuses %j in one sentence', (argv, message, remedy) => {
    const fault = { code: 'invalid-argument', message, remedy: expect.stringContaining(remedy) };
    expect(() => readServeFlags(argv, {})).toThrow(expect.objectContaining(fault));
  });
});
