/** The hosts of plugins: their threads are held to what the process that loads them is held to. */
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AnyCapability, type Implementation, invoke } from '@trivium/protocol';
import type { HostSettings } from '@trivium/sdk';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { allPlugins, findCommand } from '../src/find-command.js';

const teller = fileURLToPath(new URL('fixtures/trivium-plugin-teller', import.meta.url));
const settings: HostSettings = { hub: { offline: true }, documentsWithin: '/docs', contextTokens: 64 };
const told = { documentsWithin: '/docs', offline: true, contextTokens: 64 };
const tell = (implementation: unknown) =>
  invoke(implementation as Implementation<AnyCapability>, {}, { signal: new AbortController().signal });

/** A folder where the plugin is installed. */
let app: string;
const home = process.cwd();
beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'trivium-app-'));
  await mkdir(join(app, 'node_modules'));
  await symlink(teller, join(app, 'node_modules', 'trivium-plugin-teller'));
  process.chdir(app);
});
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => {
  process.chdir(home);
  await rm(app, { recursive: true });
});

test('all plugins run on hosts of the given settings', async () => {
  await using all = await allPlugins(settings, ['teller']);
  const plugin = all.plugins.find(({ name }) => name === 'teller');
  expect(await tell(plugin?.capabilities[0])).toEqual(told);
});

test.each([
  ['named', 'teller'],
  ['installed', ''],
])('a command of a plugin that is %s runs by what is set until its first call', async (_, names) => {
  vi.stubEnv('TRIVIUM_PLUGINS', names);
  const host: HostSettings = {};
  const found = await findCommand(['teller', 'tell'], host);
  Object.assign(host, settings);
  expect(await tell(found.commands[0])).toEqual(told);
  await found[Symbol.asyncDispose]?.();
});
