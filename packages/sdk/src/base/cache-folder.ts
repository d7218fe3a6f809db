/** Where Trivium keeps what it can make or fetch again: packed weights, downloads, indexes, jobs. */
import { join } from 'node:path';
import { homeFolder, temporaryCacheFolder } from './home-folder.js';

/** @throws TriviumError `io` where this user has no home, nor a temporary folder of its own */
export function defaultCacheFolder(): string {
  const { TRIVIUM_CACHE_DIR, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (TRIVIUM_CACHE_DIR) return TRIVIUM_CACHE_DIR;
  if (XDG_CACHE_HOME) return join(XDG_CACHE_HOME, 'trivium');
  if (process.platform === 'win32' && LOCALAPPDATA) return join(LOCALAPPDATA, 'trivium', 'cache');
  const home = homeFolder();
  if (home === undefined) return temporaryCacheFolder();
  if (process.platform === 'win32') return join(home, 'trivium', 'cache');
  return process.platform === 'darwin'
    ? join(home, 'Library', 'Caches', 'trivium')
    : join(home, '.cache', 'trivium');
}
