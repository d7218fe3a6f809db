/** The models that a host's libraries search with: those of its settings, those of the environment, nano's. */

import { readFile } from 'node:fs/promises';
import { embedModelFile, languageModelFile, rankModelFile } from '@trivium/nano';
import { stream } from '@trivium/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { documents } from '../../src/host/documents-plugin.js';
import { Host, type HostSettings } from '../../src/host/index.js';
import { temporaryFolder } from '../documents/fixtures.js';
import { FakeHub } from '../models/fake-hub.js';

afterEach(() => vi.unstubAllEnvs());

/** What the score of a find is made of. */
async function partsWith(settings: HostSettings): Promise<string[]> {
  await using cache = await temporaryFolder();
  await using folder = await temporaryFolder();
  const texts = ['The cat sleeps on the warm stove.', 'The cat eats.', 'Where does the cat go?', 'A dog.'];
  for (const [at, text] of texts.entries()) await folder.write(`${at}.md`, text);
  await using host = new Host({ cacheDir: cache.path, ...settings });
  await using lease = await host.libraries.lease([folder.path]);
  await lease.library.read([folder.path]);
  const [hit] = await lease.library.search('Where does the cat sleep?', { explain: true });
  return Object.keys(hit!.parts!);
}

it('takes those that are named', async () => {
  const parts = await partsWith({ embedModel: embedModelFile, rankModel: rankModelFile });
  expect(parts).toEqual(expect.arrayContaining(['contextual', 'answers']));
});

it('takes its own otherwise, whose embedder is not asked about passages', async () => {
  for (const settings of [{}, { embedModel: 'nano', rankModel: 'nano' }]) {
    const parts = await partsWith(settings);
    expect(parts).toContain('answers');
    expect(parts).not.toContain('contextual');
  }
});

it.each([
  ['TRIVIUM_EMBED_MODEL', 'embedModel', languageModelFile],
  ['TRIVIUM_RANK_MODEL', 'rankModel', embedModelFile],
])('takes what %s says, and names the setting where that cannot be', async (name, field, otherKind) => {
  vi.stubEnv(name, '/nowhere/model.gguf');
  await expect(partsWith({})).rejects.toMatchObject({ code: 'not-found', field });
  vi.stubEnv(name, otherKind);
  await expect(partsWith({})).rejects.toMatchObject({ code: 'unsupported', field });
});

describe('models of the hub', () => {
  /** A host whose ranker, and a model that writes, lie on a hub of this machine. */
  async function withHub(use: (host: Host, hub: FakeHub, docs: string) => Promise<void>) {
    await using cache = await temporaryFolder();
    await using folder = await temporaryFolder();
    await folder.write('tea.md', 'Green tea is steeped for two minutes.\n');
    const hub = await new FakeHub().start();
    hub.commit('org/ranker', { 'ranker-F16.gguf': await readFile(rankModelFile) });
    hub.commit('org/writer', { 'writer-F16.gguf': await readFile(languageModelFile) });
    const settings = { endpoint: hub.endpoint, huggingFaceCacheDir: `${cache.path}/hf`, offline: false };
    try {
      await using host = new Host({ cacheDir: cache.path, rankModel: 'hf:org/ranker', hub: settings });
      await use(host, hub, folder.path);
    } finally {
      await hub.stop();
    }
  }

  const [, search, ask] = documents.capabilities;
  const signal = new AbortController().signal;

  async function stepsOf(running: AsyncGenerator<{ type: string; file?: string }, unknown, void>) {
    const steps: { type: string; file?: string }[] = [];
    for await (const step of running) steps.push(step);
    return steps;
  }

  it('are fetched before documents are read, and every byte is told', async () => {
    await withHub(async (host, _hub, docs) => {
      const steps = await stepsOf(stream(search, { paths: [docs], query: 'tea' }, host.context(signal)));
      const fetched = steps.filter(({ type }) => type === 'download-progress');
      expect(fetched.at(-1)).toMatchObject({
        file: 'ranker-F16.gguf',
        bytes: (await readFile(rankModelFile)).length,
      });
      expect(steps.findIndex(({ type }) => type === 'read-progress')).toBe(fetched.length);
      const question = { paths: [docs], question: 'How long is tea steeped?', model: 'hf:org/writer' };
      const asked = await stepsOf(stream(ask, question, host.context(signal)));
      expect([...new Set(asked.map(({ type, file }) => file ?? type))].slice(0, 3)).toEqual([
        'writer-F16.gguf',
        'load-progress',
        'read-progress',
      ]);
    });
  });

  it('are no longer fetched when the call is over', async () => {
    await withHub(async (host, hub, docs) => {
      hub.faults.push({ kind: 'hang', afterBytes: 100_000 });
      const stop = new AbortController();
      const stopped = stepsOf(stream(search, { paths: [docs], query: 'tea' }, host.context(stop.signal)));
      await expect.poll(() => hub.faults).toEqual([]); // the bytes are on their way, and stay there
      stop.abort();
      await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
      const again = await stepsOf(stream(search, { paths: [docs], query: 'tea' }, host.context(signal)));
      expect(again.at(0)?.type).toBe('download-progress');
    });
  });
});
