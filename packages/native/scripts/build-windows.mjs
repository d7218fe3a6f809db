// Compiles the engine on Windows into build/platforms/win32-x64/trivium_native.node: clang++ over Microsoft's libraries, CMake, Ninja
// and llvm-dlltool, which the images of its workflow bring. Microsoft's own compiler knows too few of the sources' attributes.
// node scripts/build-windows.mjs [--tests] [--run-tests]
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { apiHeaders, nodeImportLibrary } from './node-import-library.mjs';

const { values } = parseArgs({
  options: { tests: { type: 'boolean', default: false }, 'run-tests': { type: 'boolean', default: false } },
});
const native = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const folder = join(native, 'build/platforms/win32-x64');
const work = join(folder, 'work');
const run = (command, args) => execFileSync(command, args, { cwd: native, stdio: 'inherit' });

if (values['run-tests']) {
  for (const name of readdirSync(work).filter((file) => /^test_\w+\.exe$/.test(file)))
    run(join(work, name), []);
} else {
  mkdirSync(work, { recursive: true });
  run('cmake', [
    ...['-S', native, '-B', work, '-G', 'Ninja'],
    '-DCMAKE_BUILD_TYPE=Release',
    '-DCMAKE_CXX_COMPILER=clang++',
    // No redistributable to install first: Microsoft's C++ library is inside.
    '-DCMAKE_MSVC_RUNTIME_LIBRARY=MultiThreaded',
    `-DTRIVIUM_TESTS=${values.tests ? 'ON' : 'OFF'}`,
    // Typed, so that CMake turns backslashes into slashes.
    `-DNODE_ADDON_API:PATH=${dirname(require.resolve('node-addon-api/package.json'))}`,
    `-DNODE_API_HEADERS:PATH=${join(apiHeaders, 'include')}`,
    `-DNODE_IMPORT_LIBRARY:FILEPATH=${nodeImportLibrary(folder, ['llvm-dlltool'])}`,
  ]);
  run('cmake', ['--build', work, '--target', values.tests ? 'all' : 'trivium_native']);
  copyFileSync(join(work, 'trivium_native.node'), join(folder, 'trivium_native.node'));
}
