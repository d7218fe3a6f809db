// The README's test line: build, the engine's C++ tests, then vitest over every package. Ends with one plain line
// summed over the runners, which CI reads.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { must, root, run } from './workspace.mjs';

const total = { passed: 0, failed: 0, skipped: 0 };
let broken = false;

function add(passed, failed, skipped) {
  total.passed += Number(passed ?? 0);
  total.failed += Number(failed ?? 0);
  total.skipped += Number(skipped ?? 0);
}

await build();

const native = join(root, 'packages/native');
const directory = join(native, 'build/addon');
await must('compile C++ tests', 'node', ['packages/native/scripts/build-addon.mjs', '--tests'], {
  quiet: true,
});
for (const program of readdirSync(directory).filter((name) => /^test_\w+$/.test(name))) {
  if (!statSync(join(directory, program)).isFile()) continue;
  process.stdout.write(`${program}: `);
  const { code, output } = await run(join(directory, program), [], { cwd: native });
  const counts = /(\d+) passed, (\d+) failed, (\d+) skipped/.exec(output);
  if (counts) add(...counts.slice(1));
  else total.failed += 1;
  if (code !== 0) broken = true;
}

if (existsSync(join(root, 'vitest.config.ts'))) {
  const { code, output } = await run('npx', ['--no-install', 'vitest', 'run', '--reporter=default'], {
    env: { NO_COLOR: '1', FORCE_COLOR: '0' },
  });
  const line = /^\s*Tests\s+(.*)$/m.exec(output)?.[1] ?? '';
  const count = (word) => new RegExp(`(\\d+) ${word}`).exec(line)?.[1];
  add(count('passed'), count('failed'), count('skipped'));
  if (code !== 0) broken = true;
  if (code !== 0 && !count('failed')) total.failed += 1;
}

console.log(`Tests: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = broken || total.failed > 0 || total.passed === 0 ? 1 : 0;
