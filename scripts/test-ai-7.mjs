// Tests our models under ai 7 on Node 24, and our server with the chat of @ai-sdk/react 4: installs them in compat/ai-7 (not
// part of the workspaces), then runs both over scripted models and a local one. Usage, after a build: node scripts/test-ai-7.mjs [MODEL]
// MODEL is a causal model and defaults to a random checkpoint of the engine's fixtures.
import { join, resolve } from 'node:path';
import { must, root } from './workspace.mjs';

const folder = join(root, 'compat/ai-7');
const fixtures = join(root, 'packages/native/tests/fixtures/parity');
const model = process.argv[2] ? resolve(process.argv[2]) : join(fixtures, 'llama-grouped-tied.gguf');
await must(
  'install ai 7',
  'npm',
  ['install', '--no-save', '--no-package-lock', '--engine-strict=false', '--silent'],
  { cwd: folder, quiet: true },
);
await must(
  'ai 7 on Node 24',
  'npx',
  ['--yes', '-p', 'node@24', 'node', 'run.mjs', model, join(fixtures, 'bert-mean')],
  { cwd: folder },
);
for (const flags of [[], ['--server-ai-7']]) {
  await must('@ai-sdk/react 4 on Node 24', 'npx', ['--yes', '-p', 'node@24', 'node', 'chat.mjs', ...flags], {
    cwd: folder,
  });
}
await must('quick start under ai 7', 'npx', ['--yes', '-p', 'node@24', 'node', 'quick-start.mjs'], {
  cwd: folder,
});
