/** The real server over stdio, driven by the SDK's client: tools, an answer with citations, confinement, bad input. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, expect, test } from 'vitest';

const client = new Client({ name: 'test', version: '0' });
const bin = fileURLToPath(new URL('../bin/trivium-mcp-server.mjs', import.meta.url));

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'trivium-mcp-'));
  await writeFile(join(root, 'tea.md'), '# Tea\n\nGreen tea is steeped for two minutes at eighty degrees.\n');
  await writeFile(
    join(root, 'coffee.md'),
    '# Coffee\n\nEspresso is pressed at nine bar for half a minute.\n',
  );
  const outside = await mkdtemp(join(tmpdir(), 'trivium-outside-'));
  await writeFile(join(outside, 'secret.md'), '# Secret\n\nThe password is swordfish.\n');
  await symlink(outside, join(root, 'linked'));
  const env = { PATH: process.env.PATH!, TRIVIUM_CACHE_DIR: await mkdtemp(join(tmpdir(), 'trivium-cache-')) };
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [bin, '--root', root], env }),
  );
});
afterAll(() => client.close());

test('tools carry schemas and hints', async () => {
  const { tools } = await client.listTools();
  for (const { inputSchema, outputSchema, annotations } of tools) {
    expect([inputSchema.type, outputSchema?.type]).toEqual(['object', 'object']);
    expect(annotations?.readOnlyHint).toBeTypeOf('boolean');
  }
});

test('a question is answered with a citation, paths relative to the root', async () => {
  const progress: number[] = [];
  const result = await client.callTool(
    { name: 'documents_ask', arguments: { question: 'How long is green tea steeped?' } },
    undefined,
    { onprogress: ({ progress: done }) => progress.push(done) },
  );
  const { citations, mode } = result.structuredContent as {
    citations: { path: string; text: string }[];
    mode: string;
  };
  expect(citations[0]).toMatchObject({ path: 'tea.md', text: expect.stringContaining('two minutes') });
  expect(mode).toBe('extractive');
  expect(progress.length).toBeGreaterThan(0);
});

test('a model that is named is loaded first, and that is told in words: what follows counts otherwise', async () => {
  const told: { progress: number; total?: number | undefined; message?: string | undefined }[] = [];
  await client.callTool(
    {
      name: 'documents_ask',
      arguments: { question: 'How long is green tea steeped?', paths: ['tea.md'], model: 'nano' },
    },
    undefined,
    { onprogress: (step) => told.push(step) },
  );
  expect(told[0]).toEqual({ progress: 0, message: expect.stringMatching(/^loading \d+ %$/) });
  expect(told.find(({ total }) => total !== undefined)).toEqual({ progress: 1, total: 1, message: 'tea.md' });
});

test.each([['../'], ['/etc/passwd'], ['linked'], ['linked/*.md'], ['{linked,x}/../../*']])(
  '%s is refused',
  async (path) => {
    const result = await client.callTool({
      name: 'documents_search',
      arguments: { query: 'x', paths: [path] },
    });
    expect(result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('outside-root') }],
    });
  },
);

test('scratch folders of callers are named by who knows them, and found by nobody', async () => {
  const folder = `.trivium/scratch/${'0'.repeat(16)}/${'0'.repeat(32)}`;
  await mkdir(join(root, folder), { recursive: true });
  await writeFile(join(root, folder, 'mine.md'), 'Only mine.');
  const list = (path: string) => client.callTool({ name: 'documents_list', arguments: { paths: [path] } });
  for (const path of ['.trivium', '.trivium/scratch', '.trivium/scratch/*/*/*.md', '{a,.triv}*/**/*.md'])
    expect(JSON.stringify(await list(path))).toContain('outside-root');
  const documents = [{ path: `${folder}/mine.md` }];
  expect((await list(folder)).structuredContent).toMatchObject({ documents });
  await rm(join(root, '.trivium'), { recursive: true });
});

test('a folder of the root that is a link leads nowhere', async () => {
  const call = { name: 'documents_search', arguments: { query: 'password swordfish' } };
  const { structuredContent } = await client.callTool(call);
  expect(JSON.stringify(structuredContent)).not.toContain('The password');
  const read = await client.callTool({ name: 'documents_read', arguments: {} });
  expect(read.structuredContent).toMatchObject({
    skipped: [{ reason: expect.stringContaining('leads out') }],
  });
});

test('writing: faults tell no path outside the root, and a checkpoint outside is refused', async () => {
  const call = { instruction: 'x', checkpoint: 'tea.md', model: 'tea.md' };
  const result = await client.callTool({ name: 'documents_write', arguments: call });
  expect(result).toMatchObject({ isError: true });
  expect(JSON.stringify(result.content)).not.toContain(tmpdir());
  const outside = await client.callTool({
    name: 'documents_write',
    arguments: { instruction: 'x', checkpoint: '../state.json' },
  });
  expect(outside).toMatchObject({
    isError: true,
    content: [{ text: expect.stringContaining('outside-root') }],
  });
});

test('bad input names its field; an unknown tool is a protocol error', async () => {
  const result = await client.callTool({ name: 'documents_search', arguments: { query: '' } });
  expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('query') }] });
  await expect(client.callTool({ name: 'nothing', arguments: {} })).rejects.toThrow('no tool');
});
