/** Every tool that a server may offer, as clients see it; and which names are refused. Update with -u. */
import { defineCapability, definePlugin, implement } from '@trivium/protocol';
import { documents, Host, jobs, models } from '@trivium/sdk';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { listedTools } from '../src/surface/requests.js';
import { type SurfaceSettings, triviumSurface } from '../src/trivium-surface.js';

const host = new Host();
afterAll(() => host[Symbol.asyncDispose]());
const surfaceOf = (plugins: Parameters<typeof triviumSurface>[0], settings: Partial<SurfaceSettings> = {}) =>
  triviumSurface(plugins, { host, root: '/', version: '0', ...settings });

test('the schema of every tool', () => {
  const all = surfaceOf([documents, models, jobs], { allowNetwork: true, allowDestructive: true });
  const tools = listedTools(all);
  expect(tools.map(({ name }) => name)).toMatchSnapshot('names');
  for (const tool of tools) expect(tool).toMatchSnapshot(tool.name);
});

const pluginOf = (plugin: string, ...names: string[]) =>
  definePlugin({
    name: plugin,
    capabilities: names.map((name) =>
      implement(
        defineCapability({
          plugin,
          name,
          title: name,
          description: name,
          input: z.object({}),
          progress: z.never(),
          output: z.object({}),
          effects: { writes: false, destructive: false, network: false },
        }),
        async function* () {
          return {};
        },
      ),
    ),
  });

test('plugins whose tools have names of their own are welcome', () => {
  const names = surfaceOf([documents, models, jobs, pluginOf('models-x', 'models-x-list')]).tools.map(
    ({ name }) => name,
  );
  expect(names).toContain('models_x_list');
});

test.each([
  ['documents_ask', pluginOf('documents', 'ask')],
  ['models_list', pluginOf('models', 'list')],
  ['jobs_start', pluginOf('jobs', 'start')],
])('a plugin whose tool is named %s is refused', (name, plugin) => {
  expect(() => surfaceOf([documents, models, jobs, plugin])).toThrow(
    expect.objectContaining({ code: 'invalid-argument', found: name, field: 'plugins' }),
  );
});

test('plugins whose tools have one name are refused, both named', () => {
  const plugins = [pluginOf('a-b', 'c'), pluginOf('a', 'b-c')];
  expect(() => surfaceOf(plugins)).toThrow(/a_b_c: of the plugin "a-b" and of the plugin "a"/);
});
