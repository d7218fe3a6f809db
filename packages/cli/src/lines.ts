/**
 * Lines as they come, without their line ends: who writes one may wait for what it gives before writing the next. And the
 * whole of what comes, decoded as they are.
 */
import { createReadStream } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { TextDecoder } from 'node:util';
import { TriviumError } from '@trivium/protocol';

type Lines<Item> = AsyncGenerator<Item, undefined, undefined>;

/**
 * Lines that came together, each once its end has come.
 * @param signal gives up waiting for lines that nobody has written yet. @throws the error of the stream; the abort reason
 */
async function* groupsIn(input: Readable, signal: AbortSignal): Lines<string[]> {
  /** Of the line whose end has not come: joined once it has, so that a line of many chunks is not copied with each. */
  let pieces: string[] = [];
  for await (const text of piecesIn(input, signal)) {
    const lines = text.split('\n');
    const rest = lines.pop() ?? '';
    if (lines.length > 0) {
      lines[0] = pieces.join('') + lines[0];
      yield lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
      pieces = [];
    }
    pieces.push(rest);
  }
  const rest = pieces.join('');
  if (rest !== '') yield [rest];
}

/** The text of a stream as it comes. @throws as `groupsIn` */
async function* piecesIn(input: Readable, signal: AbortSignal): Lines<string> {
  let decoder: TextDecoder | undefined;
  for await (const chunk of addAbortSignal(signal, input)) {
    decoder ??= decoderFor(chunk as Buffer);
    yield decoder.decode(chunk as Buffer, { stream: true });
  }
  if (decoder) yield decoder.decode();
}

/** The whole text of a stream, without a line end behind it. @throws as `groupsIn` */
export async function wholeIn(input: Readable, signal: AbortSignal): Promise<string> {
  const pieces: string[] = [];
  for await (const text of piecesIn(input, signal)) pieces.push(text);
  return pieces.join('').replace(/\r?\n$/, '');
}

/** UTF-8, or UTF-16 by its mark, as PowerShell writes what is sent to a file. */
function decoderFor([first, second]: Uint8Array): TextDecoder {
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le');
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be');
  return new TextDecoder();
}

/** @throws as `groupsIn` */
export async function* linesIn(input: Readable, signal: AbortSignal): Lines<string> {
  for await (const lines of groupsIn(input, signal)) yield* lines;
}

/** Of a file, or of standard input where it is named "-". @throws TriviumError; the abort reason */
export async function* linesOf(file: string, signal: AbortSignal): Lines<string> {
  for await (const lines of groupsOf(file, signal)) yield* lines;
}

/** Those that came together, `most` at most, so that a long input streams through in bounded memory. @throws as `linesOf` */
export async function* batchesOf(file: string, most: number, signal: AbortSignal): Lines<string[]> {
  for await (const lines of groupsOf(file, signal))
    for (let at = 0; at < lines.length; at += most) yield lines.slice(at, at + most);
}

async function* groupsOf(file: string, signal: AbortSignal): Lines<string[]> {
  if (file === '-') {
    if (process.stdin.isTTY) process.stderr.write('Reading lines from the terminal; end with Ctrl-D.\n');
    yield* groupsIn(process.stdin, signal);
    return;
  }
  try {
    yield* groupsIn(createReadStream(file), signal);
  } catch (error) {
    signal.throwIfAborted();
    const fault = TriviumError.from(error);
    if (fault.file !== undefined) throw fault;
    throw new TriviumError(fault.code, `${file} cannot be read: ${fault.message}`, { file, cause: error });
  }
}
