/** Standard input that is no protocol: lines that are passed over, a message that is too large, an end in between. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const bin = fileURLToPath(new URL('../bin/trivium-mcp-server.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'trivium-mcp-stdio-'));
const start = () =>
  spawn(process.execPath, [bin, '--root', folder], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH!, TRIVIUM_CACHE_DIR: folder },
  });
const request = (id: number, method: string, params: object) =>
  `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;
const hello = request(1, 'initialize', {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'test', version: '1' },
});

it('lines that are no JSON are passed over', async () => {
  const server = start();
  const lines = createInterface({ input: server.stdout });
  for (const line of ['garbage', '{', '']) server.stdin.write(`${line}\n`);
  server.stdin.write(hello);
  const [answer] = await once(lines, 'line');
  expect(JSON.parse(answer)).toMatchObject({ id: 1, result: { serverInfo: { name: 'trivium' } } });
  server.stdin.write(request(2, 'nothing/at/all', {}));
  const [refused] = await once(lines, 'line');
  expect(JSON.parse(refused)).toMatchObject({ id: 2, error: { code: -32601 } });
  server.stdin.end();
  expect(await once(server, 'exit')).toEqual([0, null]);
});

it.each([
  ['[]', null],
  ['null', null],
  ['[[]]', null],
  // No request: the number is the server's, or nobody's.
  ['{"jsonrpc":"2.0","id":1}', null],
  ['{"jsonrpc":"1.0","method":"x"}', null],
  ['{"jsonrpc":"2.0","id":1.5,"method":"ping"}', 1.5],
  ['{"jsonrpc":"1.0","id":"a","method":"ping"}', 'a'],
])('%s is no message, and that is answered', async (line, id) => {
  const server = start();
  const [said, told] = [text(server.stdout), text(server.stderr)];
  server.stdin.end(`${line}\n`);
  expect(await once(server, 'exit')).toEqual([0, null]);
  expect(JSON.parse(await said)).toMatchObject({ jsonrpc: '2.0', id, error: { code: -32600 } });
  expect(await told).toContain('was refused');
});

it('each message of a batch is answered', async () => {
  const server = start();
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value);
  server.stdin.write(hello.replace('2025-11-25', '2025-03-26'));
  expect(await next()).toMatchObject({ id: 1, result: { protocolVersion: '2025-03-26' } });
  const ping = (id: number) => ({ jsonrpc: '2.0', id, method: 'ping' });
  const heard = { jsonrpc: '2.0', method: 'notifications/initialized' };
  // In two parts, for a line may come in many.
  const batch = `${JSON.stringify([heard, ping(2), { id: 3 }, ping(4)])}\n`;
  server.stdin.write(batch.slice(0, 30));
  server.stdin.write(batch.slice(30));
  const answers = [await next(), await next(), await next()];
  expect(answers).toHaveLength(3);
  expect(answers).toContainEqual({ jsonrpc: '2.0', id: 2, result: {} });
  expect(answers).toContainEqual({ jsonrpc: '2.0', id: 4, result: {} });
  expect(answers).toContainEqual(
    expect.objectContaining({ id: null, error: expect.objectContaining({ code: -32600 }) }),
  );
  server.stdin.end();
  expect(await once(server, 'exit')).toEqual([0, null]);
});

it('a message that is too large ends the server with a reason', async () => {
  const server = start();
  const said = text(server.stderr);
  // The server does not read to the end.
  server.stdin.on('error', () => {});
  server.stdin.write(hello);
  await once(createInterface({ input: server.stdout }), 'line');
  server.stdin.write(`{"jsonrpc":"2.0","id":"${'x'.repeat(11 * 2 ** 20)}`);
  expect(await once(server, 'exit')).toEqual([2, null]);
  expect(await said).toContain('too large');
});

it('a client that no longer listens ends the server without a fault', async () => {
  const server = start();
  const said = text(server.stderr);
  server.stdin.on('error', () => {});
  server.stdin.write(hello);
  await once(createInterface({ input: server.stdout }), 'line');
  server.stdout.destroy();
  await once(server.stdout, 'close');
  server.stdin.write(request(2, 'ping', {}));
  expect(await once(server, 'exit')).toEqual([0, null]);
  expect(await said).not.toContain('too large');
});

it('nobody need read what it says beside the protocol', async () => {
  const server = start();
  server.stderr.destroy();
  await once(server.stderr, 'close');
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  const answered = async () => JSON.parse((await lines.next()).value).id;
  // Each is told of there.
  server.stdin.write('null\n');
  expect(await answered()).toBe(null);
  server.stdin.write(hello);
  expect(await answered()).toBe(1);
  server.stdin.write('null\n');
  expect(await answered()).toBe(null);
  server.stdin.write(request(2, 'ping', {}));
  expect(await answered()).toBe(2);
  server.stdin.end();
  expect(await once(server, 'exit')).toEqual([0, null]);
});

it('an end in the middle of a call ends the server', async () => {
  const server = start();
  server.stdin.write(hello);
  await once(createInterface({ input: server.stdout }), 'line');
  server.stdin.end(request(2, 'tools/call', { name: 'documents_summarize', arguments: {} }));
  expect(await once(server, 'exit')).toEqual([0, null]);
});

it.each(['SIGTERM', 'SIGINT'] as const)('%s ends the server, though its client stays', async (name) => {
  const server = start();
  server.stdin.write(hello);
  await once(createInterface({ input: server.stdout }), 'line');
  server.kill(name);
  expect(await once(server, 'exit')).toEqual([0, null]);
});
