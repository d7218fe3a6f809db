/** The models that a host's libraries search with: those of its settings, those of the environment, nano's. */
import { embedModelFile, languageModelFile, rankModelFile } from '@trivium/nano';
import { afterEach, expect, it, vi } from 'vitest';
import { Host, type HostSettings } from '../../src/host/index.js';
import { temporaryFolder } from '../documents/fixtures.js';

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
