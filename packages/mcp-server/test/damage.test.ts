/** What is said of damaged files: documents are named from the root on, in answers, in progress and in jobs; models by name. */
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contracts, TriviumError } from '@trivium/protocol';
import { documents, Host, jobs } from '@trivium/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { damagePage, makePdf } from '../../sdk/test/documents/fixtures.js';
import { answerOf } from '../src/capability-tools.js';
import { callTool } from '../src/surface/requests.js';
import type { McpSurface, Progress, ToolAnswer } from '../src/surface/surface.js';
import { triviumSurface } from '../src/trivium-surface.js';
import { withoutRoot } from '../src/without-root.js';

const { signal } = new AbortController();
const damage = 'tea.pdf: pages that cannot be read: 2 to the end';
let root: string;
let host: Host;
let surface: McpSurface;
beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'trivium-mcp-damage-')));
  const pages = [[{ text: 'Green tea is steeped for two minutes.' }], [{ text: 'Coffee.' }]];
  await writeFile(join(root, 'tea.pdf'), damagePage(makePdf(pages), 2));
  host = new Host({ cacheDir: join(root, '.cache'), jobScope: root });
  surface = triviumSurface([documents, jobs], { host, root, version: '0' });
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

/** The answer, and all that a client sees of the call. */
async function call(name: string, input: Record<string, unknown>) {
  const told: Progress[] = [];
  const onProgress = (progress: Progress) => told.push(progress);
  const answer = (await callTool(surface, name, input, { signal, onProgress })) as ToolAnswer;
  return { ...answer, told, seen: JSON.stringify([answer, told]) };
}

it('a reading names the document', async () => {
  const { structured, seen } = await call('documents_read', {});
  expect(structured!.warnings).toEqual([expect.stringContaining(damage)]);
  expect(seen).not.toContain(root);
});

it('so does a warning on the way', async () => {
  const { told, seen } = await call('documents_ask', { question: 'How long is tea steeped?' });
  expect(told).toContainEqual({ done: 0, message: expect.stringContaining(damage) });
  expect(seen).not.toContain(root);
});

it('and a job, to who watches it', async () => {
  const { structured } = await call('jobs_start', { tool: 'documents_ask', arguments: { question: 'Tea?' } });
  const { told, seen } = await call('jobs_watch', { id: structured!.id });
  expect(told).toContainEqual({ done: 0, message: expect.stringContaining(damage) });
  expect(seen).not.toContain(root);
});

it('a model in the cache is told by its name, by a failure and by a job that failed', () => {
  const file = join(tmpdir(), 'cache', 'a.gguf');
  const failure = new TriviumError('corrupt', `The file ${file} ends too early.`, { file, found: file });
  const told = {
    code: 'corrupt',
    message: 'The file a.gguf ends too early.',
    file: 'a.gguf',
    found: 'a.gguf',
  };
  expect(withoutRoot(failure, root)).toMatchObject(told);
  const failed = { id: 'x', status: 'failed', error: failure.toJSON() };
  expect(answerOf(contracts.jobsShow, failed, { root }).structured).toMatchObject({ error: told });
});
