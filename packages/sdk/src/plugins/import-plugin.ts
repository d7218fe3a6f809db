/** Imports a plugin's module, or its contracts alone. What a module throws while it is evaluated names the plugin. */
import { type AnyCapability, type Plugin, TriviumError } from '@trivium/protocol';
import { asPlugin, isCapability } from './plugin-shape.js';

async function importModule(url: string, name: string): Promise<Record<string, unknown>> {
  try {
    return await import(url);
  } catch (cause) {
    throw new TriviumError(
      'bad-format',
      `The plugin "${name}" cannot be loaded: ${(cause as Error).message}`,
      {
        field: 'plugins',
        found: url,
        remedy: 'Reinstall it, or leave it out.',
        cause,
      },
    );
  }
}

/** @throws TriviumError `bad-format` */
export async function importPlugin(url: string, name: string): Promise<Plugin> {
  const module = await importModule(url, name);
  return asPlugin(module.default, name);
}

/** The capabilities that a contract module exports. @throws TriviumError `bad-format` where it exports none */
export async function importContracts(url: string, name: string): Promise<AnyCapability[]> {
  // One may be exported by two names, its own and as the default.
  const capabilities = [...new Set(Object.values(await importModule(url, name)))].filter(isCapability);
  if (capabilities.length > 0) return capabilities;
  throw new TriviumError('bad-format', `The contracts of the plugin "${name}" hold no capability.`, {
    field: 'plugins',
    found: url,
    expected: 'exports made by defineCapability',
  });
}
