/**
 * Which capability a command line means. Built-in ones go by their name (`search`), those of a group also by two words
 * (`models list`), those of plugins by plugin and name (`word-count count`). A plugin is loaded only when it is meant.
 */
import { type Plugin, TriviumError } from '@trivium/protocol';
import { type HostSettings, type LoadedPlugins, loadPlugins, namedPlugins } from '@trivium/sdk';
import type { Command } from './command.js';
import { failure } from './failure.js';
import { ownCommands } from './help.js';
import { nearest } from './nearest.js';
import { textFor } from './visible.js';
import { builtIn, wordsOf } from './words.js';

export interface FoundCommand {
  /** Several where a plugin is named alone, or with `--help`: then they are to be listed. */
  commands: readonly Command[];
  /** What follows the words that name it. */
  rest: readonly string[];
}

/**
 * Everything that can be called here, of the plugins that are named anywhere, and `more`. The caller disposes of them.
 * @param host what the threads of plugins are held to, as this process's own host is
 */
export async function allPlugins(
  host: HostSettings,
  more: readonly string[] = [],
): Promise<AsyncDisposable & { plugins: readonly Plugin[] }> {
  const { names, fromFolder } = await namedPlugins(process.cwd());
  const loaded = await loadPlugins([...new Set([...more, ...names])], { from: fromFolder, host });
  return { ...loaded, plugins: [...builtIn, ...loaded.plugins] };
}

/** What there is to list: as `allPlugins`, where one that cannot be loaded keeps nobody from the others. */
export async function soundPlugins(): Promise<readonly Plugin[]> {
  const { names, fromFolder } = await namedPlugins(process.cwd());
  const plugins: Plugin[] = [...builtIn];
  for (const name of names) {
    await using loaded = await loadSound(name, fromFolder, {});
    plugins.push(...(loaded?.plugins ?? []));
  }
  return plugins;
}

/** `undefined`, and a word on standard error, where it cannot be loaded. */
async function loadSound(name: string, from: string, host: HostSettings): Promise<LoadedPlugins | undefined> {
  try {
    return await loadPlugins([name], { from, host });
  } catch (error) {
    process.stderr.write(`${textFor(process.stderr, failure(error, false).text)}\n`);
    return undefined;
  }
}

function capabilityOf(plugin: Plugin, [name, ...rest]: readonly string[]): FoundCommand | undefined {
  // A group alone lists: `trivium jobs`, `trivium jobs --json`.
  const isGroupAlone = name === undefined || name.startsWith('-');
  const wanted = isGroupAlone ? ['list'] : [name];
  const names = wanted.flatMap((word) => [word, `${plugin.name}-${word}`]);
  const found = plugin.capabilities.find(({ capability }) => names.includes(capability.name));
  if (!found && !isGroupAlone) return undefined;
  return {
    commands: (found ? [found] : plugin.capabilities) as readonly Command[],
    rest: isGroupAlone && name !== undefined ? [name, ...rest] : rest,
  };
}

/**
 * @param argv what follows `trivium`
 * @param host for the thread of a plugin, which starts with its first call: what is set here until then holds for it
 * @throws TriviumError `invalid-argument` where nothing is meant, and as `loadPlugins` for a plugin that is broken
 */
export async function findCommand(
  argv: readonly string[],
  host: HostSettings,
): Promise<FoundCommand & Partial<AsyncDisposable>> {
  const [name = '', ...rest] = argv;
  const direct = builtIn
    .flatMap(({ capabilities }) => capabilities)
    .find((one) => one.capability.name === name);
  if (direct) return { commands: [direct as Command], rest };
  const group = builtIn.find((plugin) => plugin.name === name);
  const grouped = group && capabilityOf(group, rest);
  if (grouped) return grouped;
  const loaded = group ? undefined : await pluginNamed(name, host);
  const found = loaded?.plugins[0] && capabilityOf(loaded.plugins[0], rest);
  if (found) return { ...found, [Symbol.asyncDispose]: () => loaded[Symbol.asyncDispose]() };
  await loaded?.[Symbol.asyncDispose]();
  throw unknownCommand(argv, loaded?.plugins[0] ?? group);
}

function unknownCommand([name = '', action]: readonly string[], plugin: Plugin | undefined): TriviumError {
  const known = plugin
    ? plugin.capabilities.map(({ capability }) => wordsOf(capability))
    : [
        ...builtIn.flatMap(({ capabilities }) => capabilities.map(({ capability }) => wordsOf(capability))),
        ...ownCommands.map(([word]) => word),
        'help',
      ];
  const words = plugin && action !== undefined ? `${name} ${action}` : name;
  const meant = nearest(words, known);
  const isPluginName = plugin === undefined && meant === undefined && /^[a-z][a-z0-9-]*$/.test(name);
  const remedies = [
    meant && `Is "trivium ${meant}" meant?`,
    plugin ? `Its commands are: ${known.join(', ')}.` : 'trivium help lists the commands.',
    isPluginName && `A plugin's are there once it is installed: npm install @trivium/plugin-${name}.`,
  ];
  return new TriviumError('invalid-argument', `There is no command "${words}".`, {
    remedy: remedies.filter(Boolean).join(' '),
  });
}

/** The plugin of that name: one that is named somewhere, or else one that is installed. */
async function pluginNamed(name: string, host: HostSettings) {
  if (!/^[a-z][a-z0-9-]*$/.test(name)) return undefined;
  const { names, fromFolder } = await namedPlugins(process.cwd());
  for (const one of names) {
    const loaded = await loadSound(one, fromFolder, host);
    if (loaded?.plugins[0]?.name === name) return loaded;
    await loaded?.[Symbol.asyncDispose]();
  }
  try {
    return await loadPlugins([name], { from: fromFolder, host });
  } catch (error) {
    if (TriviumError.isInstance(error) && error.code === 'not-found') return undefined;
    throw error;
  }
}
