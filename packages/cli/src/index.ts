/** The command `trivium`. Says by itself what needs nothing else, and loads all others (`main.ts`) once they are asked for. */
import { watchOutput } from './watch-output.js';

/** @returns the exit code: 0 done, 1 failed, 2 wrong call, 130 interrupted */
export async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  // `trivium help search` is `trivium search --help`.
  if (name === 'help' && rest.length > 0) return main([...rest, '--help']);
  // Notes that nobody reads, or that no disk has room for, end nothing.
  process.stderr.on('error', () => {});
  if (name === '--version' || name === '-v') return printVersion();
  const { runMain } = await import('./main.js');
  return runMain(argv);
}

function printVersion(): number {
  const output = watchOutput(() => {});
  process.stdout.write(`${VERSION}\n`);
  return output.exitCode ?? 0;
}

declare const VERSION: string;
