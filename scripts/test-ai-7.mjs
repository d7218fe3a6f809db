// Tests our models under ai 7 on Node 24: installs both in compat/ai-7 (not part of the workspaces), then runs it.
// Usage: node scripts/test-ai-7.mjs [MODEL]
import { join } from 'node:path';
import { must, root } from './workspace.mjs';

const folder = join(root, 'compat/ai-7');
await must(
  'install ai 7',
  'npm',
  ['install', '--no-save', '--no-package-lock', '--engine-strict=false', '--silent'],
  { cwd: folder, quiet: true },
);
await must(
  'ai 7 on Node 24',
  'npx',
  ['--yes', '-p', 'node@24', 'node', 'run.mjs', ...process.argv.slice(2)],
  { cwd: folder },
);
