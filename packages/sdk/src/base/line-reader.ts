/**
 * The lines of a file that grows, behind those that were read. What a dying process left half-written is no line. Refuses to
 * know what a line means.
 */
import { type FileHandle, open } from 'node:fs/promises';

/** Read at once, so that whoever parses the lines holds nothing else up for long. */
const pieceBytes = 64 * 1024;

export class LineReader implements AsyncDisposable {
  readonly #file: FileHandle;
  #nextByte: number;
  #touchedMs = 0;
  #isAtEnd = false;

  private constructor(file: FileHandle, fromByte: number) {
    this.#file = file;
    this.#nextByte = fromByte;
  }

  /** @throws Node's file errors */
  static async open(path: string, fromByte = 0): Promise<LineReader> {
    return new LineReader(await open(path, 'r'), fromByte);
  }

  /** Where the line behind the last one begins. */
  get nextByte(): number {
    return this.#nextByte;
  }

  /** When the file was last touched, as the last `next` saw it, in milliseconds since 1970. */
  get touchedMs(): number {
    return this.#touchedMs;
  }

  /** Some lines more, in order; none where there are no whole ones yet. @throws Node's file errors */
  async next(): Promise<string[]> {
    const { size, mtimeMs } = await this.#file.stat();
    this.#touchedMs = mtimeMs;
    const left = Math.max(0, size - this.#nextByte);
    // A line that has no end in it is read again with twice as much.
    for (let bytesAtOnce = pieceBytes; ; bytesAtOnce *= 2) {
      const bytes = Buffer.allocUnsafe(Math.min(bytesAtOnce, left));
      const { bytesRead } = await this.#file.read(bytes, 0, bytes.length, this.#nextByte);
      const end = bytes.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
      this.#nextByte += end;
      this.#isAtEnd = this.#nextByte === size;
      if (end > 0) return bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
      if (bytesRead < bytesAtOnce) return [];
    }
  }

  /** All lines there are by now, some at a time. */
  async *rest(): AsyncGenerator<string[], void, void> {
    do {
      const lines = await this.next();
      if (lines.length === 0) return;
      yield lines;
    } while (!this.#isAtEnd);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}
