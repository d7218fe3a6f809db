/** Plugins by name or as objects, ready for a host: shapes checked, names unique, strangers in threads of their own. */
import { type Plugin, TriviumError } from '@trivium/protocol';
import type { HostSettings } from '../host/host.js';
import { findPlugin } from './find-plugin.js';
import { importContracts, importPlugin } from './import-plugin.js';
import { type IsolatedPlugin, isolatePlugin } from './isolated-plugin.js';
import { asPlugin } from './plugin-shape.js';

export interface LoadPluginsSettings {
  /** Folder from which packages are looked for; default: the working directory. */
  from?: string;
  /**
   * Run plugins that are found by name in threads of their own (default), so that none can take the process down. Off, they
   * share this process's models, and its fate.
   */
  isolate?: boolean;
  /** For the hosts of isolated plugins. */
  host?: HostSettings;
}

/** Plugins that are loaded; disposing of them ends their threads. */
export interface LoadedPlugins extends AsyncDisposable {
  readonly plugins: readonly Plugin[];
}

/**
 * @param wanted names of packages, or plugins
 * @throws TriviumError `not-found` for a name without a package, `bad-format` for what is no plugin
 * @example
 * await using loaded = await loadPlugins(['word-count']);
 */
export async function loadPlugins(
  wanted: readonly (string | Plugin)[],
  { from = process.cwd(), isolate = true, host = {} }: LoadPluginsSettings = {},
): Promise<LoadedPlugins> {
  const plugins = await Promise.all(
    wanted.map(async (one) => {
      if (typeof one !== 'string') return asPlugin(one, one?.name ?? 'an object');
      const found = findPlugin(one, from);
      // Without contracts of its own the module itself must tell, and so runs here at least once.
      if (!isolate) return importPlugin(found.url, one);
      const contracts = found.contractUrl
        ? await importContracts(found.contractUrl, one)
        : (await importPlugin(found.url, one)).capabilities.map(({ capability }) => capability);
      return isolatePlugin(found, contracts, host);
    }),
  );
  const names = plugins.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new TriviumError('invalid-argument', `Two plugins are named "${twice}".`, {
      field: 'plugins',
      remedy: 'Leave one of them out.',
    });
  }
  return {
    plugins,
    async [Symbol.asyncDispose]() {
      await Promise.all(
        plugins.map((plugin) => (plugin as Partial<IsolatedPlugin>)[Symbol.asyncDispose]?.()),
      );
    },
  };
}
