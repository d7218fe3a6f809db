/** Proxies, as the environment names them: in a process of their own, for Node reads them once. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { retryAfterMs } from '../../src/models/hub/retry.js';
import { FakeHub } from './fake-hub.js';

const run = promisify(execFile);
const child = fileURLToPath(new URL('pull-in-child.mjs', import.meta.url));
const tunnels: string[] = [];
/** Tunnels as a proxy does, wherever the name leads: to this machine. */
const proxy = createServer().on('connect', (request, socket) => {
  tunnels.push(request.url!);
  const port = Number(request.url!.split(':').at(-1));
  const onward = connect(port, '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    onward.pipe(socket).pipe(onward);
  });
  onward.on('error', () => socket.destroy());
  socket.on('error', () => onward.destroy());
});
let hub: FakeHub;
let folder: string;

beforeEach(async () => {
  hub = await new FakeHub().start();
  hub.commit('org/repo', { 'model.gguf': 'small' });
  folder = await mkdtemp(join(tmpdir(), 'trivium-proxy-'));
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await hub.stop();
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

it('goes through HTTP_PROXY, and around it where NO_PROXY says so', async () => {
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const port = new URL(hub.endpoint).port;
  const pull = (endpoint: string, cache: string, env: Record<string, string>) =>
    run(process.execPath, [child, endpoint, join(folder, cache), 'hf:org/repo'], {
      env: { PATH: process.env.PATH, ...env },
    });
  // A name that only the proxy knows.
  await pull(`http://hub.test:${port}`, 'a', { HTTP_PROXY: address });
  expect(tunnels.length).toBeGreaterThan(0);
  expect(new Set(tunnels)).toEqual(new Set([`hub.test:${port}`]));
  tunnels.length = 0;
  await pull(hub.endpoint, 'b', { HTTP_PROXY: address, NO_PROXY: '127.0.0.1' });
  expect(tunnels).toEqual([]);
});

it('reads Retry-After as seconds and as a date', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  expect(retryAfterMs('7', now)).toBe(7000);
  expect(retryAfterMs('Thu, 01 Jan 2026 00:00:30 GMT', now)).toBe(30_000);
  expect(retryAfterMs('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0);
  expect([retryAfterMs(null), retryAfterMs('soon')]).toEqual([undefined, undefined]);
});
