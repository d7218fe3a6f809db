/** Gives a plugin in a thread what cannot travel there, says what comes of it, and has nothing more to do. */
import { invoke } from '@trivium/protocol';
import { loadPlugins } from '@trivium/sdk';

const { plugins } = await loadPlugins([process.argv[2]]);
const take = plugins[0].capabilities.find(({ capability }) => capability.name === 'take-anything');
const { signal } = new AbortController();
await invoke(take, { thing: () => {} }, { signal }).catch(({ code, message }) => console.log(code, message));
