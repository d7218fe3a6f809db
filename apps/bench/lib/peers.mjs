/**
 * The peers' packages: outside the workspaces, with a lock of their own, installed by `setup-peers.mjs`. Knows where
 * node-llama-cpp keeps its builds; loads and measures nothing.
 */
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { benchFolder } from './data.mjs';

export const peersFolder = path.join(benchFolder, 'peers');
const modules = path.join(peersFolder, 'node_modules');
const llamaFolder = path.join(modules, 'node-llama-cpp');

/** Builds of ggml's CPU backend (names of libggml-cpu-*.so) that need nothing beyond AVX2. */
const upToAvx2 = new Set(['x64', 'sse42', 'sandybridge', 'ivybridge', 'piledriver', 'haswell']);

/** `{ version, entry }` of node-llama-cpp, or `{ absent }` with the reason. */
export function nodeLlamaCpp() {
  const manifest = path.join(llamaFolder, 'package.json');
  if (!existsSync(manifest)) {
    return { absent: 'node-llama-cpp is not installed: run node apps/bench/setup-peers.mjs' };
  }
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
  const pinned = JSON.parse(readFileSync(path.join(peersFolder, 'package.json'), 'utf8')).dependencies;
  if (version !== pinned['node-llama-cpp']) {
    return {
      absent: `node-llama-cpp ${version} is installed, ${pinned['node-llama-cpp']} is pinned: run node apps/bench/setup-peers.mjs`,
    };
  }
  return { version, entry: pathToFileURL(path.join(llamaFolder, 'dist/index.js')).href };
}

/** Name of the package that holds node-llama-cpp's CPU builds for this machine. */
function binaryPackage() {
  return `@node-llama-cpp/${process.platform}-${process.arch}`;
}

/**
 * A copy of the binary package without the builds that need more than AVX2, made once below `cacheFolder`:
 * `{ replace: { name, url } }` for `replace-package.mjs`, or `{ absent }` where there is nothing to choose from.
 */
export function peerUpToAvx2(cacheFolder, version) {
  const name = binaryPackage();
  const source = path.join(modules, name);
  const bins = path.join('bins', `${process.platform}-${process.arch}`);
  if (!existsSync(path.join(source, bins))) return { absent: `${name} holds no builds for this machine` };
  const variantOf = (file) => /^libggml-cpu-(\w+)\.so$/.exec(file)?.[1];
  const variants = readdirSync(path.join(source, bins)).filter(variantOf);
  if (variants.length < 2)
    return { absent: `${name} holds one CPU build only, it cannot be limited to AVX2` };
  const copy = path.join(cacheFolder, `node-llama-cpp-${version}-avx2`);
  if (!existsSync(copy)) {
    const unfinished = `${copy}.${process.pid}.part`;
    cpSync(source, unfinished, { recursive: true });
    for (const file of variants) {
      if (!upToAvx2.has(variantOf(file))) rmSync(path.join(unfinished, bins, file));
    }
    renameSync(unfinished, copy);
  }
  return { replace: { name, url: pathToFileURL(path.join(copy, 'dist/index.js')).href } };
}
