// The reference of the command line: the help that the commands print, as they print it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fence, root, writePage } from './write-page.mjs';

function help(bin, ...args) {
  const cache = mkdtempSync(join(tmpdir(), 'trivium-docs-'));
  try {
    return execFileSync(process.execPath, [join(root, bin), ...args], {
      encoding: 'utf8',
      cwd: cache,
      env: { ...process.env, TRIVIUM_CACHE_DIR: cache, TRIVIUM_PLUGINS: '', COLUMNS: '110' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

/** All commands, from the list that `trivium help` prints. */
function commandsOf(general) {
  const rows = [...general.matchAll(/^ {2}(\S+(?: \S+)?) {2,}\S.*$/gm)].map(([, words]) => words);
  if (rows.length === 0) throw new Error('trivium help lists no commands: the reference cannot be made.');
  return rows;
}

export function writeCommandLine() {
  const general = help('packages/cli/bin/trivium.mjs', 'help');
  writePage('reference/command-line.md', {
    title: 'Command line',
    description: 'Every command of trivium with its flags.',
    source: 'what `trivium help` and `trivium COMMAND --help` print',
    blocks: [
      'How to work with it is told in [Command line and jobs](/how-to/command-line).',
      fence('txt', general),
      ...commandsOf(general).flatMap((words) => [
        `## trivium ${words}`,
        fence('txt', help('packages/cli/bin/trivium.mjs', ...words.split(' '), '--help')),
      ]),
      '## Exit codes',
      '0 done, 1 failed, 2 wrong call, 130 interrupted.',
    ],
  });
}
