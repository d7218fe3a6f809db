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
  withSchemas(plugin, names, z.object({}), z.object({}));

/** A plugin whose capabilities answer an empty list where they may, else an empty object. */
const withSchemas = (plugin: string, names: string[], input: z.ZodType, output: z.ZodType) =>
  definePlugin({
    name: plugin,
    capabilities: names.map((name) =>
      implement(
        defineCapability({
          plugin,
          name,
          title: name,
          description: name,
          input,
          progress: z.never(),
          output,
          effects: { writes: false, destructive: false, network: false },
        }),
        async function* () {
          return output.safeParse([]).success ? [] : {};
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

test('an output that is no object is answered as text, and an input that is none is refused', async () => {
  const lists = withSchemas('lists', ['one'], z.object({}), z.array(z.string()));
  const { tools } = surfaceOf([lists]);
  expect(listedTools({ name: 'x', version: '0', tools })[0]).not.toHaveProperty('outputSchema');
  const answer = await tools[0]!.run({}, { signal: new AbortController().signal });
  expect(answer).toEqual({ content: [{ type: 'text', text: '[]' }], isError: false });
  const either = z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]);
  expect(surfaceOf([withSchemas('x', ['one'], either, z.object({}))]).tools[0]?.inputSchema.type).toBe(
    'object',
  );
  expect(() => surfaceOf([withSchemas('x', ['one'], z.array(z.string()), z.object({}))])).toThrow(
    expect.objectContaining({ code: 'unsupported', found: 'array' }),
  );
});
