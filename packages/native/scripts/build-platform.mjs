// Compiles the engine for another platform with the compiler that PyPI's `ziglang` carries, into
// build/platforms/NAME/trivium_native.node, where scripts/stage-packages.mjs looks. Linux binaries need glibc 2.28 or musl and
// nothing else: the C++ library is inside. `bash scripts/setup-zig.sh` installs the compiler. With --tests the C++ tests are
// compiled too; scripts/try-platforms.mjs of the workspace runs what comes out of here.
// node scripts/build-platform.mjs NAME... [--tests] [-j 2]
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { apiHeaders, nodeImportLibrary } from './node-import-library.mjs';

const native = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const platforms = JSON.parse(readFileSync(join(native, 'platforms.json'), 'utf8'));
/** Zig's names. What is published for Windows is compiled by its workflow (build-windows.mjs); zig's shows that the sources fit. */
const targets = {
  'linux-x64-gnu': ['x86_64-linux-gnu.2.28', 'Linux', 'x86_64'],
  'linux-arm64-gnu': ['aarch64-linux-gnu.2.28', 'Linux', 'aarch64'],
  'linux-x64-musl': ['x86_64-linux-musl', 'Linux', 'x86_64'],
  'linux-arm64-musl': ['aarch64-linux-musl', 'Linux', 'aarch64'],
  'darwin-arm64': ['aarch64-macos.11.0', 'Darwin', 'arm64'],
  'win32-x64': ['x86_64-windows-gnu', 'Windows', 'AMD64'],
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    jobs: { type: 'string', short: 'j', default: '2' },
    tests: { type: 'boolean', default: false },
  },
});
const zig = findZig();
if (!zig) {
  console.error('The compiler is missing: bash scripts/setup-zig.sh');
  process.exit(1);
}

function findZig() {
  const python = join(native, '../../.oracles/bin/python');
  const where = 'import ziglang, os; print(os.path.dirname(ziglang.__file__))';
  try {
    const stdio = ['ignore', 'pipe', 'ignore'];
    return join(execFileSync(python, ['-c', where], { encoding: 'utf8', stdio }).trim(), 'zig');
  } catch {
    return undefined;
  }
}

function cmake(args) {
  const { status } = spawnSync('cmake', args, { cwd: native, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** CMake wants one program a tool; a wrapper is one. */
function wrapper(folder, name, words) {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\nexec ${[zig, ...words].join(' ')} "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}

for (const name of positionals) {
  const target = targets[name];
  if (!target || !platforms[name]) {
    console.error(`There is no platform "${name}": ${Object.keys(targets).join(', ')}.`);
    process.exit(2);
  }
  const [triple, system, processor] = target;
  const folder = join(native, 'build/platforms', name);
  const work = join(folder, 'work');
  mkdirSync(work, { recursive: true });
  const compiler = wrapper(folder, 'c++', ['c++', '-target', triple]);
  cmake([
    ...['-S', native, '-B', work, '-G', 'Unix Makefiles'],
    '-DCMAKE_BUILD_TYPE=Release',
    `-DTRIVIUM_TESTS=${values.tests ? 'ON' : 'OFF'}`,
    `-DCMAKE_SYSTEM_NAME=${system}`,
    `-DCMAKE_SYSTEM_PROCESSOR=${processor}`,
    `-DCMAKE_CXX_COMPILER=${compiler}`,
    `-DCMAKE_AR=${wrapper(folder, 'ar', ['ar'])}`,
    `-DCMAKE_RANLIB=${wrapper(folder, 'ranlib', ['ranlib'])}`,
    // Zig brings the threads of every target; the search would run what it compiles.
    '-DCMAKE_HAVE_LIBC_PTHREAD=ON',
    '-DTRIVIUM_STRIP=ON',
    `-DNODE_ADDON_API=${dirname(require.resolve('node-addon-api/package.json'))}`,
    `-DNODE_API_HEADERS=${join(apiHeaders, 'include')}`,
    ...(system === 'Windows' ? [`-DNODE_IMPORT_LIBRARY=${nodeImportLibrary(folder, [zig, 'dlltool'])}`] : []),
  ]);
  cmake(['--build', work, '-j', values.jobs, '--target', values.tests ? 'all' : 'trivium_native']);
  copyFileSync(join(work, 'trivium_native.node'), join(folder, 'trivium_native.node'));
  console.log(`${name}: ${join(folder, 'trivium_native.node')}`);
}
