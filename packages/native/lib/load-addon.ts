/**
 * Finds and loads the native binary: TRIVIUM_NATIVE_PATH, then the workspace's own build, then the package of this
 * platform. One copy a process and environment, kept on globalThis, so that two copies of this package share it.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { TriviumError } from '@trivium/protocol';
import type { Addon } from './addon.js';

const require = createRequire(import.meta.url);
const slot = Symbol.for('trivium.native');

/** `linux-x64-gnu`, `linux-arm64-musl`, `darwin-arm64`, … */
export function platformName(): string {
  const { platform, arch } = process;
  if (platform !== 'linux') return `${platform}-${arch}`;
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return `linux-${arch}-${header?.glibcVersionRuntime ? 'gnu' : 'musl'}`;
}

function candidates(): string[] {
  const fromEnvironment = process.env.TRIVIUM_NATIVE_PATH;
  if (fromEnvironment) return [fromEnvironment];
  // dist/index.js and lib/load-addon.ts are both one folder below the package.
  const workspace = fileURLToPath(new URL('../build/Release/trivium_native.node', import.meta.url));
  return [workspace, `@trivium/native-${platformName()}`];
}

/** @throws TriviumError `native-unavailable`, saying what was tried and what to do */
export function loadAddon(): Addon {
  const holder = globalThis as { [slot]?: Addon };
  if (holder[slot]) return holder[slot];
  const tried: string[] = [];
  let cause: unknown;
  for (const candidate of candidates()) {
    if (candidate.endsWith('.node') && !existsSync(candidate)) {
      tried.push(`${candidate} (absent)`);
      continue;
    }
    try {
      holder[slot] = require(candidate) as Addon;
      return holder[slot];
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      tried.push(`${candidate} (${code === 'MODULE_NOT_FOUND' ? 'not installed' : message.split('\n')[0]})`);
      cause = error;
    }
  }
  throw new TriviumError(
    'native-unavailable',
    `The engine of Trivium could not be loaded on ${platformName()}.`,
    {
      expected: tried.join('; '),
      remedy:
        'In a clone of the repository run "npm run build". In an app install again from a clean lockfile: npm may have dropped the optional package of this platform.',
      cause,
    },
  );
}
