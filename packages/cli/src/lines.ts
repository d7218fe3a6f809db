/** Lines of standard input or of a file, without their line ends. */
import { readFile } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { TriviumError } from '@trivium/protocol';

/** @param signal gives up waiting for lines that nobody has typed yet. @throws TriviumError; the abort reason */
export async function linesOf(file: string, signal: AbortSignal): Promise<string[]> {
  const text =
    file === '-'
      ? await standardInput(signal)
      : await readFile(file, { encoding: 'utf8', signal }).catch((error) => {
          throw TriviumError.from(error);
        });
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

async function standardInput(signal: AbortSignal): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Reading lines from the terminal; end with Ctrl-D.\n');
  const chunks: Buffer[] = [];
  for await (const chunk of addAbortSignal(signal, process.stdin)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
