/**
 * Plugins by name: `word-count` is looked for as `@trivium/plugin-word-count`, then `trivium-plugin-word-count`; a name with a
 * slash, a dot or such a prefix is taken as it stands. Packages are looked for from the app's folder, as Node would.
 */
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { TriviumError } from '@trivium/protocol';
import { resolve as resolveModule } from 'import-meta-resolve';
import { z } from 'zod';

export interface FoundPlugin {
  /** As it was asked for. */
  name: string;
  /** The URL of its module. */
  url: string;
  /** The URL of its contracts, where the package exports `./contract`. */
  contractUrl: string | undefined;
}

const isPath = (name: string) => /^\.{0,2}\//.test(name) || isAbsolute(name);

function specifiersOf(name: string): string[] {
  if (name.includes('/') || name.startsWith('trivium-plugin-')) return [name];
  return [`@trivium/plugin-${name}`, `trivium-plugin-${name}`];
}

function tryResolve(specifier: string, fromFolder: string): string | undefined {
  try {
    return resolveModule(specifier, pathToFileURL(join(fromFolder, 'x.js')).href);
  } catch {
    return undefined;
  }
}

/**
 * @param fromFolder absolute
 * @throws TriviumError `not-found` with the names that were tried
 */
export function findPlugin(name: string, fromFolder: string): FoundPlugin {
  if (isPath(name)) {
    return { name, url: pathToFileURL(resolve(fromFolder, name)).href, contractUrl: undefined };
  }
  const specifiers = specifiersOf(name);
  for (const specifier of specifiers) {
    const url = tryResolve(specifier, fromFolder);
    if (url) return { name, url, contractUrl: tryResolve(`${specifier}/contract`, fromFolder) };
  }
  throw new TriviumError('not-found', `There is no plugin "${name}".`, {
    field: 'plugins',
    found: name,
    expected: `one of the packages ${specifiers.join(', ')}`,
    remedy: `npm install ${specifiers[0]}, or correct the name.`,
  });
}

const manifest = z.looseObject({
  trivium: z.looseObject({ plugins: z.array(z.string()).optional() }).optional(),
});

/**
 * The plugins that are named where nothing is said: by the environment (`TRIVIUM_PLUGINS=a,b`), and by the app in the nearest
 * `package.json` at or above `folder`, as `"trivium": { "plugins": ["word-count"] }`; and the folder to look for them from.
 */
export async function namedPlugins(folder: string): Promise<{ names: string[]; fromFolder: string }> {
  const { names, fromFolder } = await pluginsOfApp(folder);
  const environment = (process.env.TRIVIUM_PLUGINS ?? '').split(',').filter(Boolean);
  return { names: [...new Set([...environment, ...names])], fromFolder };
}

async function pluginsOfApp(folder: string): Promise<{ names: string[]; fromFolder: string }> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const text = await readFile(join(at, 'package.json'), 'utf8').catch(() => undefined);
    if (text !== undefined) return { names: namesIn(text, join(at, 'package.json')), fromFolder: at };
    if (dirname(at) === at) return { names: [], fromFolder: resolve(folder) };
  }
}

/** A file that is no JSON names none: what is wrong with it is for npm to say. */
function namesIn(text: string, file: string): string[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return [];
  }
  const { success, data, error: cause } = manifest.safeParse(parsed);
  if (success) return data.trivium?.plugins ?? [];
  throw new TriviumError('bad-format', 'The plugins of the package are no list of names.', {
    file,
    field: 'trivium.plugins',
    expected: '["word-count"]',
    cause,
  });
}
