/** Which plugins a server has: those of the flag, or else those of the environment and of the app's package.json. */
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { connectMcp } from '@trivium/mcp-server/client';
import { expect, it } from 'vitest';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

async function hasWordCount(
  cwd: string,
  flags: string[] = [],
  env: Record<string, string> = {},
): Promise<boolean> {
  const server = await connectMcp({
    command: process.execPath,
    args: [here('../bin/trivium-mcp-server.mjs'), '--root', here('support/app'), ...flags],
    env: { TRIVIUM_CACHE_DIR: tmpdir(), ...env },
    cwd,
  });
  const names = Object.keys(server.tools());
  await server.close();
  expect(names).toContain('documents_ask');
  expect(names).toContain('jobs_start');
  return names.includes('word_count_count');
}

it('that the package.json of the app names', async () => {
  expect(await hasWordCount(here('support/app'))).toBe(true);
});

it('that the environment names', async () => {
  expect(await hasWordCount(here('../'), [], { TRIVIUM_PLUGINS: 'word-count' })).toBe(true);
});

it('that the flag names, and then no others', async () => {
  expect(await hasWordCount(here('../'), ['--plugins', 'word-count'])).toBe(true);
  expect(await hasWordCount(here('support/app'), ['--plugins', ''])).toBe(false);
  expect(await hasWordCount(here('../'))).toBe(false);
});
