// Compiles the addon with plain CMake into build/Release/trivium_native.node. Needs a C++20 compiler, make and CMake;
// says in one sentence which of them is missing and how to get it. Quiet unless something fails. With --tests the C++ test
// programs too, from the same objects, into build/addon.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildTools } from './build-tools.mjs';

const native = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const tests = process.argv.includes('--tests');

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

const lacking = buildTools().find(({ fault }) => fault !== undefined);
if (lacking) {
  console.error(lacking.fault);
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
