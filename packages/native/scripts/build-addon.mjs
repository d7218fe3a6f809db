// Compiles the addon with plain CMake into build/Release/trivium_native.node. Needs a C++20 compiler, make and CMake;
// says in one sentence which of them is missing and how to get it. Quiet unless something fails. With --tests the C++ test
// programs too, from the same objects, into build/addon.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const native = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const mac = process.platform === 'darwin';
const tests = process.argv.includes('--tests');

function versionOf(command, args, pattern) {
  try {
    return pattern.exec(
      execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    )?.[1];
  } catch {
    return undefined;
  }
}

const atLeast = (found, major, minor) => {
  const [a = 0, b = 0] = (found ?? '0').split('.').map(Number);
  return a > major || (a === major && b >= minor);
};

function fault() {
  const cmake = versionOf('cmake', ['--version'], /version (\d+\.\d+)/);
  if (!atLeast(cmake, 3, 20))
    return `CMake 3.20 or later is missing${cmake ? ` (found ${cmake})` : ''}: ${mac ? 'brew install cmake' : 'apt install cmake'}`;
  if (!versionOf('make', ['--version'], /(Make)/))
    return `make is missing: ${mac ? 'xcode-select --install' : 'apt install make'}`;
  const compiler = process.env.CXX ?? 'c++';
  const text = versionOf(compiler, ['--version'], /([\s\S]*)/);
  if (!text) return `A C++20 compiler is missing: ${mac ? 'xcode-select --install' : 'apt install g++'}`;
  const clang = /clang version (\d+\.\d+)/.exec(text)?.[1];
  const gcc = clang
    ? undefined
    : versionOf(compiler, ['-dumpfullversion', '-dumpversion'], /(\d+(?:\.\d+)?)/);
  if (clang ? !atLeast(clang, 14, 0) : !atLeast(gcc, 11, 0))
    return `${compiler} is too old for C++20 (found ${clang ?? gcc}): ${mac ? 'xcode-select --install' : 'apt install g++-11'}, then set CXX`;
  return undefined;
}

function run(args) {
  const { status, stdout, stderr, error } = spawnSync('cmake', args, {
    cwd: native,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status === 0) return;
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}${error ?? ''}\n`);
  process.exit(1);
}

const missing = fault();
if (missing) {
  console.error(missing);
  process.exit(1);
}
const addonApi = dirname(require.resolve('node-addon-api/package.json'));
const apiHeaders = join(dirname(require.resolve('node-api-headers/package.json')), 'include');
run([
  '-S',
  native,
  '-B',
  'build/addon',
  '-G',
  'Unix Makefiles',
  '-DCMAKE_BUILD_TYPE=Release',
  `-DTRIVIUM_TESTS=${tests ? 'ON' : 'OFF'}`,
  `-DNODE_ADDON_API=${addonApi}`,
  `-DNODE_API_HEADERS=${apiHeaders}`,
]);
run([
  '--build',
  'build/addon',
  '-j',
  String(cpus().length),
  ...(tests ? [] : ['--target', 'trivium_native']),
]);
const release = join(native, 'build/Release');
mkdirSync(release, { recursive: true });
// Renamed into place: a process that has the old binary mapped keeps it.
const target = join(release, 'trivium_native.node');
copyFileSync(join(native, 'build/addon/trivium_native.node'), `${target}.new`);
renameSync(`${target}.new`, target);
