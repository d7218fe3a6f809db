/** Calls a plugin that logs, writes its answer to standard output, and has nothing more to do. */
import { invoke } from '@trivium/protocol';
import { loadPlugins } from '@trivium/sdk';

const { plugins } = await loadPlugins([process.argv[2]]);
const log = plugins[0].capabilities.find(({ capability }) => capability.name === 'log');
console.log(JSON.stringify(await invoke(log, {}, { signal: new AbortController().signal })));
