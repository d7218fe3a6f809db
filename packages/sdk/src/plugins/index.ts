export { namedPlugins } from './find-plugin.js';
export { type LoadedPlugins, type LoadPluginsSettings, loadPlugins } from './load-plugins.js';
