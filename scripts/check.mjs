// Everything that is wrong without running the program: types, lint, the rules of hooks, the import law, dead code, package shape, size.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { packages, root, run } from './workspace.mjs';

await build();
const failed = [];
async function step(name, command, args, options = {}) {
  const started = Date.now();
  const { code } = await run(command, args, { quiet: true, ...options });
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  if (code !== 0) failed.push(name);
}

for (const name of packages)
  await step(`types: ${name}`, 'npx', ['--no-install', 'tsc', '--noEmit'], {
    cwd: join(root, 'packages', name),
  });
await step('types: playground', 'npx', ['--no-install', 'tsc', '--noEmit', '-p', 'apps/playground']);
await step('types: examples', 'npx', ['--no-install', 'tsc', '--noEmit', '-p', 'examples/guide']);
await step('lint', 'npx', ['--no-install', 'biome', 'check', '--error-on-warnings', '.']);
await step('rules of hooks', process.execPath, ['scripts/check-hooks.mjs']);
await step('import law', process.execPath, ['scripts/import-law.mjs']);
await step('dead code', 'npx', ['--no-install', 'knip']);
for (const name of packages) {
  const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
  await step(`publint: ${name}`, 'npx', ['--no-install', 'publint', '--strict'], {
    cwd: join(root, 'packages', name),
  });
  if (manifest.exports) {
    const profile = JSON.stringify(manifest.exports).includes('"require"') ? 'node16' : 'esm-only';
    await step(`attw: ${name}`, 'npx', ['--no-install', 'attw', '--pack', '--profile', profile], {
      cwd: join(root, 'packages', name),
    });
  }
}
await step('size budget', process.execPath, ['scripts/size-budget.mjs']);
await step('install forms', process.execPath, ['scripts/try-packages.mjs']);
await step('example apps', process.execPath, ['scripts/try-apps.mjs']);
await step('release', process.execPath, ['scripts/try-release.mjs']);
if (failed.length > 0) {
  console.error(`\ncheck failed: ${failed.join(', ')}`);
  process.exit(1);
}
