/** Tools as jobs: confined and permitted as the tool is, seen by nobody of another folder, never telling where the root is. */
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TriviumError } from '@trivium/protocol';
import { Admission, documents, Host, jobs, models } from '@trivium/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CapabilityTool } from '../src/capability-tools.js';
import { jobResources } from '../src/job-resources.js';
import { callTool } from '../src/surface/requests.js';
import { Subscriptions } from '../src/surface/subscriptions.js';
import type { McpSurface, Progress, ToolAnswer } from '../src/surface/surface.js';
import { triviumSurface } from '../src/trivium-surface.js';

const { signal } = new AbortController();
let base: string;
let hosts: Host[];
let tea: McpSurface;
let coffee: McpSurface;
beforeAll(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'trivium-mcp-jobs-')));
  hosts = [];
  const surfaceOver = async (name: string) => {
    const root = join(base, name);
    await mkdir(root);
    await writeFile(join(root, `${name}.md`), `# ${name}\n\nAll about ${name}.\n`);
    const host = new Host({ cacheDir: join(base, 'cache'), jobScope: root });
    hosts.push(host);
    return triviumSurface([documents, models, jobs], { host, root, version: '0' });
  };
  tea = await surfaceOver('tea');
  coffee = await surfaceOver('coffee');
});
afterAll(async () => {
  await Promise.all(hosts.map((host) => host[Symbol.asyncDispose]()));
  await rm(base, { recursive: true, force: true });
});

const call = async (surface: McpSurface, name: string, input: Record<string, unknown>) =>
  (await callTool(surface, name, input, { signal })) as ToolAnswer;
const start = (surface: McpSurface, tool: string, given: unknown = {}) =>
  call(surface, 'jobs_start', { tool, arguments: given });

describe('a job', () => {
  it('is started, followed to its end, and linked', async () => {
    const { structured, content } = await start(tea, 'documents_search', { query: 'tea' });
    const id = structured!.id as string;
    expect(content.at(-1)).toMatchObject({ type: 'resource_link', uri: `job:///${id}` });
    const ended = await call(tea, 'jobs_watch', { id });
    expect(ended.structured).toMatchObject({
      status: 'succeeded',
      output: { hits: [{ path: 'tea.md' }] },
    });
    const [read] = await tea.resources!.read(`job:///${id}`, signal);
    expect(JSON.parse((read as { text: string }).text)).toMatchObject({ id, status: 'succeeded' });
    expect(JSON.stringify([ended, read])).not.toContain(base);
  });

  it('is unknown to a server of another folder', async () => {
    const { structured } = await start(tea, 'documents_search', { query: 'tea' });
    const id = structured!.id as string;
    for (const name of ['jobs_show', 'jobs_watch', 'jobs_cancel']) {
      const answer = await call(coffee, name, { id });
      expect(answer).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('no job') }] });
    }
    expect((await call(coffee, 'jobs_list', {})).structured).toEqual({ jobs: [] });
    await expect(coffee.resources!.read(`job:///${id}`, signal)).rejects.toMatchObject({ code: 'not-found' });
  });

  it('that fails does not say where the root is', async () => {
    const { structured } = await start(tea, 'documents_write', { instruction: 'x', model: 'tea.md' });
    const ended = await call(tea, 'jobs_watch', { id: structured!.id });
    expect(ended.structured).toMatchObject({ status: 'failed' });
    expect(JSON.stringify(ended)).not.toContain(base);
  });

  it('nor does one that cannot be started', async () => {
    const nowhere = join(base, 'nowhere');
    const gone = triviumSurface([documents, jobs], { host: hosts[0]!, root: nowhere, version: '0' });
    const answer = await start(gone, 'documents_read');
    expect(answer).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('(not-found)') }],
    });
    expect(JSON.stringify(answer)).not.toContain(base);
  });

  it('tells who watches it how far it is', async () => {
    const { structured } = await start(tea, 'documents_read', {});
    const seen: Progress[] = [];
    const onProgress = (progress: Progress) => seen.push(progress);
    await callTool(tea, 'jobs_watch', { id: structured!.id }, { signal, onProgress });
    expect(seen).toContainEqual({ done: 1, total: 1, message: 'tea.md' });
  });

  it('is read, but not subscribed to', async () => {
    const subscriptions = new Subscriptions(tea, () => {});
    await expect(subscriptions.add('job:///nonexistent')).rejects.toMatchObject({ code: 'unsupported' });
    await subscriptions.add('doc:///tea.md');
    subscriptions.clear();
  });

  it('that cannot be read now is not said to be none', async () => {
    const failing: Pick<CapabilityTool, 'answer'> = {
      answer: async () => {
        throw new TriviumError('io', 'The disk does not answer.');
      },
    };
    const source = jobResources(failing as CapabilityTool);
    await expect(source.read('job:///x', signal)).rejects.toMatchObject({ code: 'io' });
    // What is asked of jobs waits for no place either.
    const full = new Admission({ maxConcurrent: 1, maxQueued: 0 });
    await full.enter(signal);
    const settings = { host: hosts[0]!, root: base, admission: full };
    const busy = triviumSurface([documents, jobs], { ...settings, version: '0' });
    await expect(busy.resources!.read('job:///x', signal)).rejects.toMatchObject({
      code: 'not-found',
      message: 'There is no job job:///x.',
    });
  });
});

describe('what may not be called may not be started', () => {
  it.each([
    ['documents_search', { query: 'x', paths: ['../coffee'] }, 'outside-root'],
    ['models_generate', { model: 'hf:org/repo', prompt: 'x' }, 'outside-root'],
    ['documents_search', { query: '' }, 'invalid-argument'],
    ['documents_search', [], 'invalid-argument'],
    ['models_pull', { model: 'hf:org/repo' }, 'invalid-argument'],
    ['models_remove', { model: 'hf:org/repo' }, 'invalid-argument'],
    ['jobs_start', {}, 'invalid-argument'],
    ['jobs_watch', { id: 'x' }, 'invalid-argument'],
    [7, {}, 'invalid-argument'],
  ])('%s %j', async (tool, given, code) => {
    const answer = await start(tea, tool as string, given);
    expect(answer).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining(`(${code})`) }],
    });
  });

  it('and nothing at all where nothing is written', () => {
    const reading = triviumSurface([documents, jobs], {
      host: hosts[0]!,
      root: base,
      version: '0',
      readOnly: true,
    });
    const names = reading.tools.map(({ name }) => name);
    expect(names).toContain('jobs_list');
    expect(names).not.toContain('jobs_start');
    expect(names).not.toContain('jobs_cancel');
  });
});
