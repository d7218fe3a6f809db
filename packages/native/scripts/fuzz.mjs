// Builds the fuzz program with AddressSanitizer and UndefinedBehaviorSanitizer into build/fuzz and gives it mutated inputs of each
// kind; fails where one breaks a promise (tests/fuzz/fuzz_formats.cpp says which).
// node packages/native/scripts/fuzz.mjs [KIND…] [--count N] [--seed S]
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' } },
});
const native = fileURLToPath(new URL('..', import.meta.url));
const folder = join(native, 'build/fuzz');

function run(command, args) {
  const { status, error } = spawnSync(command, args, {
    cwd: native,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error) throw error;
  return status === 0;
}

const built =
  run('cmake', ['-S', '.', '-B', folder, '-DTRIVIUM_SANITIZE=ON', '-DCMAKE_BUILD_TYPE=Release']) &&
  run('cmake', ['--build', folder, '--parallel', '2', '--target', 'fuzz_formats']);
if (!built) process.exit(1);
const kinds = positionals.length
  ? positionals
  : ['gguf', 'folder', 'safetensors', 'json', 'config', 'tokenizer', 'grammar'];
const broken = kinds.filter(
  (kind) =>
    !run(join(folder, 'fuzz_formats'), ['--kind', kind, '--count', values.count, '--seed', values.seed]),
);
if (broken.length) console.error(`broken promises: ${broken.join(', ')}`);
process.exitCode = broken.length ? 1 : 0;
