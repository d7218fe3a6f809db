/** Callers who are told apart: each knows the jobs of its own, whichever client it uses, and goes on with its own session alone. */
import { createHash } from 'node:crypto';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { documents, Host, jobs } from '@trivium/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMcpFetch, type McpFetchSettings } from '../src/http/mcp-fetch.js';
import type { McpSurface } from '../src/surface/surface.js';
import { triviumSurface } from '../src/trivium-surface.js';
import { type AnyClient, clients } from './support/any-client.js';

let root: string;
let host: Host;
let surface: McpSurface;
beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'trivium-mcp-callers-')));
  await writeFile(join(root, 'tea.md'), '# Tea\n\nAll about tea.\n');
  host = new Host({ cacheDir: join(root, '.cache'), jobScope: root });
  surface = triviumSurface([documents, jobs], { host, root, version: '0' });
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

const url = 'http://localhost/mcp';
const serve = (settings: Partial<McpFetchSettings> = {}) => createMcpFetch({ surface, ...settings });
const callerOf = (request: Request) => request.headers.get('authorization') ?? undefined;
type Connect = (typeof clients)[number][1];
const connectAs = (connect: Connect, mcp: ReturnType<typeof serve>, authorization: string) =>
  connect({
    url,
    headers: { authorization },
    fetch: (input, init) => mcp.fetch(new Request(input as string, init)),
  });

async function startSearch(client: AnyClient): Promise<string> {
  const { structuredContent } = await client.call('jobs_start', {
    tool: 'documents_search',
    arguments: { query: 'tea' },
  });
  const id = structuredContent!.id as string;
  for await (const _ of host.jobs.watch(id));
  return id;
}

/** What each tool, and the resource, tells of a job. */
async function toldOf(client: AnyClient, id: string): Promise<boolean[]> {
  const { structuredContent } = await client.call('jobs_list');
  const listed = (structuredContent!.jobs as { id: string }[]).some((job) => job.id === id);
  const answers = await Promise.all(
    ['jobs_show', 'jobs_watch', 'jobs_cancel'].map((name) => client.call(name, { id })),
  );
  const isRead = await client.read(`job:///${id}`).then(
    () => true,
    () => false,
  );
  return [listed, ...answers.map(({ isError }) => !isError), isRead];
}
const everywhere = Array(5).fill(true);
const nowhere = Array(5).fill(false);

describe.each(clients)('a job of a client of %s', (_line, connect) => {
  it('is known to its caller alone', async () => {
    await using mcp = serve({ callerOf });
    const [alice, bob] = await Promise.all(['alice', 'bob'].map((name) => connectAs(connect, mcp, name)));
    const id = await startSearch(alice!);
    expect(await toldOf(bob!, id)).toEqual(nowhere);
    expect(await toldOf(alice!, id)).toEqual(everywhere);
    await Promise.all([alice!.close(), bob!.close()]);
  });

  it('is known to all where nobody tells callers apart', async () => {
    await using mcp = serve();
    const [alice, bob] = await Promise.all(['alice', 'bob'].map((name) => connectAs(connect, mcp, name)));
    expect(await toldOf(bob!, await startSearch(alice!))).toEqual(everywhere);
    await Promise.all([alice!.close(), bob!.close()]);
  });

  it('is that of its token', async () => {
    await using mcp = serve({ token: 'secret' });
    await using other = serve({ token: 'other' });
    const owner = await connectAs(connect, mcp, 'Bearer secret');
    const stranger = await connectAs(connect, other, 'Bearer other');
    const id = await startSearch(owner);
    expect(await toldOf(stranger, id)).toEqual(nowhere);
    expect(await toldOf(owner, id)).toEqual(everywhere);
    // The HTTP server of the sdk knows the same key by the same word.
    const { caller } = await host.jobs.origin(id);
    expect(caller).toBe(createHash('sha256').update('secret').digest('hex'));
    await Promise.all([owner.close(), stranger.close()]);
  });
});

describe('a job that no caller started', () => {
  it('is not told of where it names a scratch folder', async () => {
    const [list] = documents.capabilities.filter(({ capability }) => capability.name === 'documents-list');
    const start = (paths: string[]) =>
      host.jobs.start(list!, { paths } as never, (signal) => host.context(signal));
    const plain = await start([root]);
    const scratch = await start([
      `${root}/.trivium/scratch/0011223344556677/00112233445566778899aabbccddeeff`,
    ]);
    for (const { id } of [plain, scratch]) for await (const _ of host.jobs.watch(id));
    await using mcp = serve({ callerOf });
    const bob = await connectAs(clients[0][1], mcp, 'bob');
    expect(await toldOf(bob, plain.id)).toEqual(everywhere);
    expect(await toldOf(bob, scratch.id)).toEqual(nowhere);
    await bob.close();
  });
});

describe('a session', () => {
  it('is none for another caller who knows its id', async () => {
    await using mcp = serve({ callerOf });
    const post = (authorization: string, body: object, headers = {}) =>
      mcp.fetch(
        new Request(url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream',
            authorization,
            ...headers,
          },
          body: JSON.stringify({ jsonrpc: '2.0', ...body }),
        }),
      );
    const begun = await post('alice', {
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
    });
    await begun.text();
    const session = { 'mcp-session-id': begun.headers.get('mcp-session-id')! };
    const list = { id: 2, method: 'tools/list' };
    expect((await post('bob', list, session)).status).toBe(404);
    expect((await post('alice', list, session)).status).toBe(200);
  });
});
