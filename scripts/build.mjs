// Builds the addon (plain CMake) and every package (tsup), through turbo so that what has not changed is not built
// again. Turbo's key knows nothing of the machine: TRIVIUM_TARGET tells it.
import { execFileSync } from 'node:child_process';
import { isMain, must } from './workspace.mjs';

const compiler = (() => {
  try {
    return execFileSync(process.env.CXX ?? 'c++', ['-dumpfullversion', '-dumpversion'], {
      encoding: 'utf8',
    }).trim();
  } catch {
    return 'none';
  }
})();

export async function build() {
  await must(
    'build',
    'npx',
    ['--no-install', 'turbo', 'run', 'build', '--output-logs=errors-only', '--no-update-notifier'],
    {
      quiet: true,
      env: { TRIVIUM_TARGET: `${process.platform}-${process.arch}-${compiler}` },
    },
  );
}

if (isMain(import.meta.url)) await build();
