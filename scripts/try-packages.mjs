// Installs the packed packages into empty apps, as a new user does, and uses them in each form that we promise: ES modules,
// CommonJS, TypeScript with the resolutions bundler, nodenext and node16 (both module kinds), the executables. Everything
// happens in a temporary folder; the registry is asked for the dependencies alone.
// node scripts/try-packages.mjs [--keep]
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stagePackages } from './stage-packages.mjs';
import { root } from './workspace.mjs';

const keep = process.argv.includes('--keep');
const folder = mkdtempSync(join(tmpdir(), 'trivium-try-'));
const app = join(folder, 'app');
const cache = join(folder, 'cache');
let failed = 0;

function run(command, args, { cwd = app } = {}) {
  return execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TRIVIUM_CACHE_DIR: cache },
  });
}

function step(name, work) {
  const started = performance.now();
  try {
    work();
    console.log(`ok   ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${name}\n${error.stdout ?? ''}${error.stderr ?? error.stack}`);
  }
}

function expect(output, wanted) {
  if (!output.includes(wanted)) throw new Error(`expected ${JSON.stringify(wanted)} in:\n${output}`);
}

mkdirSync(join(folder, 'tarballs'), { recursive: true });
mkdirSync(app);
const staged = stagePackages(join(folder, 'tarballs'));
for (const { name, bytes } of staged)
  console.log(`     ${name.padEnd(34)}${(bytes / 1e6).toFixed(2)} MB unpacked`);
cpSync(join(root, 'scripts/try-packages'), app, { recursive: true });
writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, version: '1.0.0' }));
writeFileSync(join(app, 'tea.md'), '# Tea\n\nGreen tea is steeped for two minutes at eighty degrees.\n');

step('npm install of the tarballs', () => {
  const tarballs = staged.map(({ file }) => file);
  const flags = ['--no-audit', '--no-fund', '--prefer-offline'];
  run('npm', ['install', ...flags, ...tarballs, 'ai@6.0.326', 'typescript@5.9.3', '@types/node@20.19.25']);
});
step('ES module', () => expect(run('node', ['use.mjs']), 'two minutes'));
step('CommonJS', () => expect(run('node', ['use.cjs']), 'two minutes'));
for (const [name, module, resolution] of [
  ['bundler', 'esnext', 'bundler'],
  ['nodenext', 'nodenext', 'nodenext'],
  ['node16', 'node16', 'node16'],
]) {
  step(`TypeScript ${name}`, () => {
    const files = name === 'bundler' ? ['use.ts'] : ['use.mts', 'use.cts'];
    cpSync(join(app, 'use.ts'), join(app, 'use.mts'));
    cpSync(join(app, 'use.ts'), join(app, 'use.cts'));
    const flags = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--types', 'node'];
    run('npx', ['tsc', ...flags, '--module', module, '--moduleResolution', resolution, ...files]);
  });
}
step('trivium', () => {
  expect(run('npx', ['trivium', '--version']), staged[0].file.match(/(\d+\.\d+\.\d+)\.tgz$/)[1]);
  expect(
    run('npx', ['trivium', 'ask', 'tea.md', '--question', 'How long is green tea steeped?']),
    'two minutes',
  );
});
step('trivium-mcp-server', () => {
  const client = "import('./mcp.mjs')";
  expect(run('node', ['-e', client]), 'documents_ask');
});

if (keep) console.log(`kept: ${folder}`);
else rmSync(folder, { recursive: true, force: true });
console.log(failed === 0 ? 'all forms work' : `${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
