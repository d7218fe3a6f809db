// What each package may weigh when packed and unpacked, in bytes. `npm pack` is asked, so the figure is what a user gets.
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './workspace.mjs';

const budgets = {
  protocol: 500_000, // twice: as ES modules and as CommonJS
  native: 600_000, // the loader; binaries are packages of their own, 12 MB each
  nano: 26_000_000, // embedders, ranker and language model, at most 12 MB each, the loader and the card
  sdk: 3_900_000, // half of it what debuggers read: maps of the ES modules
  'mcp-server': 360_000,
  cli: 900_000, // with the playground, whose part has a budget of its own below
  react: 250_000,
};

/** What `trivium serve` sends to a browser that has nothing of it yet, in bytes, not compressed. */
const playgroundBudget = 700_000;

let over = false;
function compare(name, bytes, budget) {
  const verdict = bytes <= budget ? 'ok' : 'OVER';
  if (verdict === 'OVER') over = true;
  console.log(`${verdict.padEnd(5)}${name.padEnd(12)}${bytes} of ${budget} bytes`);
}

for (const [name, budget] of Object.entries(budgets)) {
  const [{ unpackedSize }] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: join(root, 'packages', name),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
  compare(name, unpackedSize, budget);
}
const page = join(root, 'packages/cli/dist/playground');
const files = readdirSync(page, { recursive: true }).map((name) => statSync(join(page, name)));
const pageBytes = files.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
compare('playground', pageBytes, playgroundBudget);
process.exitCode = over ? 1 : 0;
