/**
 * Finds and loads the native binary: TRIVIUM_NATIVE_PATH, then the workspace's own build, then the package of this
 * platform. One copy a process, environment and version, kept on globalThis, so that two copies of this package share it.
 */
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { TriviumError } from '@trivium/protocol/errors';
import type { Addon } from './addon.js';
import { type LoadFailure, loadFailure } from './load-failure.js';
import {
  installedPackages,
  isPlatform,
  type Platform,
  packageOf,
  platformName,
  platformPackages,
} from './platforms.js';

const require = createRequire(import.meta.url);
const { version } = require('../package.json') as { version: string };
const slot = Symbol.for(`trivium.native ${version}`);

interface Candidate {
  where: string;
  load: () => unknown;
}

function fileCandidate(file: string): Candidate {
  const load = () => {
    if (!existsSync(file)) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    return require(file);
  };
  return { where: file, load };
}

/**
 * The package of a platform. Its manifest says how long the binary is: the system's loader maps what a cut file lacks, and
 * the process would die of a bus error.
 */
function packageCandidate(platform: Platform): Candidate {
  const name = packageOf(platform);
  const load = () => {
    const file = require.resolve(name);
    const manifest = require(`${name}/package.json`) as { version: string; trivium?: { bytes: number } };
    if (manifest.version !== version)
      throw new Error(`it is version ${manifest.version}, and @trivium/native is ${version}`);
    const { size } = statSync(file);
    const bytes = manifest.trivium?.bytes;
    if (size !== bytes)
      throw Object.assign(new Error(`${size} bytes instead of ${bytes}`), { code: 'TRIVIUM_SIZE' });
    return platformPackages[platform]();
  };
  return { where: name, load };
}

function candidates(platform: string): Candidate[] {
  const fromEnvironment = process.env.TRIVIUM_NATIVE_PATH;
  if (fromEnvironment) return [fileCandidate(fromEnvironment)];
  // dist/index.js and lib/load-addon.ts are both one folder below the package.
  const workspace = fileURLToPath(new URL('../build/Release/trivium_native.node', import.meta.url));
  const found = [fileCandidate(workspace)];
  if (isPlatform(platform)) found.push(packageCandidate(platform));
  return found;
}

/** @throws TriviumError `native-unavailable`, saying what was tried, why each failed and what to do */
export function loadAddon(): Addon {
  const holder = globalThis as { [slot]?: Addon };
  if (holder[slot]) return holder[slot];
  const platform = platformName();
  const failures: LoadFailure[] = [];
  for (const { where, load } of candidates(platform)) {
    try {
      const addon = load();
      if (!isAddon(addon)) throw new Error('it is no engine of Trivium');
      holder[slot] = addon;
      return addon;
    } catch (error) {
      failures.push(loadFailure(where, error));
    }
  }
  throw unavailable(platform, failures);
}

const isAddon = (value: unknown): value is Addon =>
  typeof (value as Partial<Addon> | undefined)?.loadModel === 'function';

function unavailable(platform: string, failures: readonly LoadFailure[]): TriviumError {
  const tried = failures.map(({ where, reason }) => `${where}: ${reason}`);
  const last = failures.at(-1);
  return new TriviumError('native-unavailable', `The engine of Trivium could not be loaded on ${platform}.`, {
    expected: isPlatform(platform)
      ? `a binary for ${platform}`
      : `one of the platforms that there are binaries for: ${Object.keys(platformPackages).join(', ')}`,
    found: `tried ${tried.join('; tried ')}`,
    remedy: remedyFor(platform, last),
    cause: last?.cause,
  });
}

function remedyFor(platform: string, last: LoadFailure | undefined): string {
  if (process.env.TRIVIUM_NATIVE_PATH)
    return 'TRIVIUM_NATIVE_PATH names the only file that is tried: correct it or unset it.';
  const fromClone =
    'in a clone of the repository run "npm run build" and name its binary in TRIVIUM_NATIVE_PATH';
  if (!isPlatform(platform)) return `To run here, ${fromClone}.`;
  const install = `npm install --no-save ${packageOf(platform)}@${version}`;
  if (last?.kind === 'old-libc') return `Use a newer system, or ${fromClone}.`;
  if (last?.kind === 'absent') {
    const others = installedPackages().filter((name) => name !== packageOf(platform));
    const elsewhere =
      others.length > 0
        ? `Only ${others.join(', ')} is installed: node_modules was made on another system.`
        : 'npm leaves optional packages out with --omit=optional, and where a lockfile was made on another system.';
    return `${elsewhere} Remove node_modules and package-lock.json and install again, or run "${install}".`;
  }
  return `Install it again: remove node_modules and run "npm install", or run "${install}".`;
}
