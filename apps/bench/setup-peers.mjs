/**
 * Installs the engines that ours is measured beside, by the lock of apps/bench/peers (about 725 MB).
 * node apps/bench/setup-peers.mjs
 */
import { spawnSync } from 'node:child_process';
import { peersFolder } from './lib/peers.mjs';

// node-llama-cpp's install script builds llama.cpp from source where no binary fits: figures of such a build could not
// be had again elsewhere, so no script runs and `engine.mjs` refuses to build.
const { status } = spawnSync('npm', ['ci', '--prefix', peersFolder, '--ignore-scripts'], {
  stdio: 'inherit',
});
process.exit(status ?? 1);
