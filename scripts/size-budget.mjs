// What each package may weigh when packed and unpacked, in bytes. `npm pack` is asked, so the figure is what a user gets.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './workspace.mjs';

const budgets = {
  protocol: 500_000, // twice: as ES modules and as CommonJS
  native: 600_000, // the loader; binaries are packages of their own, 12 MB each
  nano: 20_000_000, // embedders and the language model, at most 12 MB each, the loader and the card
  sdk: 3_000_000,
  'mcp-server': 300_000,
  cli: 1_000_000, // with the playground, whose files have a budget of their own below
  react: 250_000,
};

let over = false;
for (const [name, budget] of Object.entries(budgets)) {
  const [{ unpackedSize }] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: join(root, 'packages', name),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
  const verdict = unpackedSize <= budget ? 'ok' : 'OVER';
  if (verdict === 'OVER') over = true;
  console.log(`${verdict.padEnd(5)}${name.padEnd(12)}${unpackedSize} of ${budget} bytes`);
}
process.exitCode = over ? 1 : 0;
