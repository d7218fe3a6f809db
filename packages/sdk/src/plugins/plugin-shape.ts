/** What a plugin must look like before a host takes it: it may come from a package that nobody here has seen. */
import {
  type AnyCapability,
  type AnyImplementation,
  definePlugin,
  type Plugin,
  TriviumError,
} from '@trivium/protocol';
import { z } from 'zod';

const schema = z.custom<z.ZodType>(
  (value) => typeof (value as { safeParse?: unknown } | null)?.safeParse === 'function',
  'a zod schema',
);

const capabilityShape = z.looseObject({
  plugin: z.string(),
  name: z.string(),
  title: z.string(),
  description: z.string(),
  input: schema,
  progress: schema,
  output: schema,
  effects: z.object({ writes: z.boolean(), destructive: z.boolean(), network: z.boolean() }),
});

const pluginShape = z.looseObject({
  name: z.string(),
  capabilities: z.array(
    z.looseObject({
      capability: capabilityShape,
      run: z.custom((value) => typeof value === 'function', 'a function'),
    }),
  ),
});

export const isCapability = (value: unknown): value is AnyCapability =>
  capabilityShape.safeParse(value).success;

/**
 * `value` as a plugin, under the laws of `definePlugin`.
 * @param from what it came from, for the error
 * @throws TriviumError `bad-format` naming what does not fit
 */
export function asPlugin(value: unknown, from: string): Plugin {
  const parsed = pluginShape.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new TriviumError('bad-format', `${from} is no plugin of Trivium: ${issue?.message}`, {
      field: issue?.path.join('.') || undefined,
      expected: 'a plugin made by definePlugin as the default export',
      remedy: 'See examples/plugin-word-count, or leave it out of the plugins.',
    });
  }
  try {
    return definePlugin(value as Plugin<string, readonly AnyImplementation[]>);
  } catch (cause) {
    throw new TriviumError('bad-format', `${from}: ${(cause as Error).message}`, { cause });
  }
}
