/** Lines as they come, without their line ends. */
import { createReadStream } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { TriviumError } from '@trivium/protocol';

/**
 * Each line once its end has come: who writes a line may wait for what it gives before writing the next one.
 * @param signal gives up waiting for lines that nobody has written yet. @throws the error of the stream; the abort reason
 */
export async function* linesIn(
  input: Readable,
  signal: AbortSignal,
): AsyncGenerator<string, undefined, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of addAbortSignal(signal, input)) {
    const text = rest + decoder.decode(chunk as Buffer, { stream: true });
    const lines = text.split(/\r?\n/);
    rest = lines.pop() ?? '';
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}

/** Those of a file, or of standard input where it is named "-". @throws TriviumError; the abort reason */
export async function* linesOf(
  file: string,
  signal: AbortSignal,
): AsyncGenerator<string, undefined, undefined> {
  if (file === '-') {
    if (process.stdin.isTTY) process.stderr.write('Reading lines from the terminal; end with Ctrl-D.\n');
    yield* linesIn(process.stdin, signal);
    return;
  }
  try {
    yield* linesIn(createReadStream(file), signal);
  } catch (error) {
    signal.throwIfAborted();
    const fault = TriviumError.from(error);
    if (fault.file !== undefined) throw fault;
    throw new TriviumError(fault.code, `${file} cannot be read: ${fault.message}`, { file, cause: error });
  }
}
