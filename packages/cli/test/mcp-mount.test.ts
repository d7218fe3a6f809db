/** MCP beside the server's own routes: a key knows its jobs by both doors, and no other key by either. */
import { mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { documents, Host, jobs } from '@trivium/sdk';
import { createHandler } from '@trivium/sdk/server';
import { expect, it } from 'vitest';
import { mcpMount, mcpPath } from '../src/serve/mcp-mount.js';

it('tells callers apart by their keys', async () => {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'trivium-mount-')));
  await writeFile(join(root, 'tea.md'), '# Tea\n\nGreen tea is steeped for two minutes.\n');
  await using host = new Host({ cacheDir: join(root, '.cache'), jobScope: root });
  const plugins = [documents, jobs];
  await using mcp = mcpMount(plugins, { host, root, version: '0' });
  await using handler = createHandler({
    host,
    root,
    plugins,
    apiKeys: ['alice-key', 'bob-key'],
    mounts: [mcp],
  });
  const base = 'http://localhost:7474';
  const connect = async (key: string) => {
    const client = new Client({ name: 'test', version: '1' });
    const transport = new StreamableHTTPClientTransport(new URL(base + mcpPath), {
      requestInit: { headers: { authorization: `Bearer ${key}` } },
      fetch: (input, init) => handler.fetch(new Request(input as string, init)),
    });
    await client.connect(transport as Parameters<typeof client.connect>[0]);
    return client;
  };
  const [alice, bob] = await Promise.all([connect('alice-key'), connect('bob-key')]);
  const search = { tool: 'documents_search', arguments: { query: 'tea' } };
  const started = await alice.callTool({ name: 'jobs_start', arguments: search });
  const { id } = started.structuredContent as { id: string };
  const isShown = async (client: Client) =>
    !(await client.callTool({ name: 'jobs_show', arguments: { id } })).isError;
  const isServed = async (key: string) => {
    const headers = { authorization: `Bearer ${key}` };
    return (await handler.fetch(new Request(`${base}/v1/jobs/${id}`, { headers }))).status === 200;
  };
  expect([await isShown(alice), await isServed('alice-key')]).toEqual([true, true]);
  expect([await isShown(bob), await isServed('bob-key')]).toEqual([false, false]);
  await Promise.all([alice.close(), bob.close()]);
});
