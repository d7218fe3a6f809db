/** Listening requests of the 2026-07-28 revision: how much one may name, what it is told, what is watched for many of them. */
import { expect, it } from 'vitest';
import { createMcpFetch } from '../src/http/mcp-fetch.js';
import { ListenedResources } from '../src/listen-watch.js';
import type { McpSurface } from '../src/surface/surface.js';

function shelf() {
  const watched: string[] = [];
  const surface: McpSurface = {
    name: 'shelf',
    version: '1',
    tools: [],
    resources: {
      templates: [],
      owns: () => true,
      list: async () => ({ resources: [] }),
      read: async () => [],
      watch: async (uri, changed) => {
        if (uri === 'doc:///none') throw new Error('none');
        watched.push(uri);
        changes.set(uri, changed);
        return () => watched.splice(watched.indexOf(uri), 1);
      },
    },
  };
  const changes = new Map<string, () => void>();
  return { surface, watched, changes };
}

const { signal } = new AbortController();
const listening = (resourceSubscriptions: string[]) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'subscriptions/listen',
  params: {
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
    notifications: { resourceSubscriptions },
  },
});

it('a list that is too long is refused before anything of it is looked at', async () => {
  const { surface, watched } = shelf();
  await using mcp = createMcpFetch({ surface });
  const uris = Array.from({ length: 65 }, (_, index) => `doc:///${index}`);
  const request = new Request('http://localhost/mcp', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'subscriptions/listen',
    },
    body: JSON.stringify(listening(uris)),
  });
  const refused = await mcp.fetch(request);
  expect(refused.status).toBe(413);
  expect(await refused.json()).toMatchObject({ error: { data: { code: 'too-large' } } });
  expect(watched).toEqual([]);
});

it('the entry hears of what is watched alone', async () => {
  const { surface } = shelf();
  const listened = new ListenedResources(surface, () => {});
  const { message } = await listened.listen(listening(['doc:///a', 'doc:///none', 'doc:///a']), signal);
  expect(message).toEqual(listening(['doc:///a']));
});

it('a resource is watched once for all that listen to it, until the last has gone', async () => {
  const { surface, watched, changes } = shelf();
  const updated: string[] = [];
  const listened = new ListenedResources(surface, (uri) => updated.push(uri));
  const both = await Promise.all([1, 2].map(() => listened.listen(listening(['doc:///a']), signal)));
  expect(watched).toEqual(['doc:///a']);
  changes.get('doc:///a')!();
  expect(updated).toEqual(['doc:///a']);
  both[0]!.stop();
  both[0]!.stop();
  await Promise.resolve();
  expect(watched).toEqual(['doc:///a']);
  both[1]!.stop();
  await expect.poll(() => watched).toEqual([]);
});

it('for a client that has gone nothing more is watched', async () => {
  const { surface, watched } = shelf();
  const listened = new ListenedResources(surface, () => {});
  const { stop } = await listened.listen(listening(['doc:///a']), AbortSignal.abort());
  expect(watched).toEqual([]);
  stop();
});
