/** Lines of standard input or of a file, without their line ends. */
import { readFile } from 'node:fs/promises';
import { TriviumError } from '@trivium/protocol';

export async function linesOf(file: string): Promise<string[]> {
  const text =
    file === '-'
      ? await standardInput()
      : await readFile(file, 'utf8').catch((error) => {
          throw TriviumError.from(error);
        });
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

async function standardInput(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Reading lines from the terminal; end with Ctrl-D.\n');
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
