/** Jobs of plugins, which run in threads of their own, when their server ends. */
import { mkdtemp, readFile, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectMcp } from '@trivium/mcp-server/client';
import { expect, it, vi } from 'vitest';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const teller = here('../../cli/test/fixtures/trivium-plugin-teller/index.mjs');

it('are cancelled', async () => {
  const cache = await realpath(await mkdtemp(join(tmpdir(), 'trivium-mcp-jobs-')));
  const server = await connectMcp({
    command: process.execPath,
    args: [here('../bin/trivium-mcp-server.mjs'), '--root', cache, '--plugins', teller],
    env: { TRIVIUM_CACHE_DIR: cache },
  });
  const call = async (name: string, given: object) => {
    const { structuredContent } = await server.client.callTool({ name, arguments: { ...given } });
    return structuredContent as { id: string; progress?: object };
  };
  const { id } = await call('jobs_start', { tool: 'teller_wait', arguments: {} });
  await vi.waitFor(async () => expect(await call('jobs_show', { id })).toMatchObject({ events: 1 }), 20_000);
  await server.close();
  const log = await readFile(join(cache, 'jobs', `${id}.jsonl`), 'utf8');
  expect(JSON.parse(log.trim().split('\n').at(-1)!)).toMatchObject({ type: 'ended', status: 'cancelled' });
});
