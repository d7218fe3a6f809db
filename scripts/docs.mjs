// Builds the documentation site of apps/docs, installing what it needs where that is absent (it is no workspace: its
// dependencies burden no `npm ci`). Usage: npm run docs, or node scripts/docs.mjs [--look]
// --look takes screenshots and looks for what keyboards and screen readers cannot use, in Debian's chromium.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { must, root, run } from './workspace.mjs';

const folder = join(root, 'apps/docs');

if (!existsSync(join(folder, 'node_modules/vitepress/package.json'))) {
  const { code } = await run('npm', ['ci'], { cwd: folder, quiet: true });
  if (code !== 0) {
    console.log('documentation skipped: what apps/docs needs cannot be installed here (npm ci, told above)');
    process.exit(0);
  }
}
await build();
await must('documentation', process.execPath, ['build.mjs'], { cwd: folder });
if (process.argv.includes('--look'))
  await must('a look at it', process.execPath, ['look/index.mjs'], { cwd: folder });
