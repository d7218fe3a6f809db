/** One line of progress on a terminal; nothing at all where standard error is no terminal. */

interface ReadProgress {
  type: string;
  path?: string;
  done?: number;
  total?: number;
}

export class ProgressLine {
  #shown = false;
  #last = 0;
  readonly #stream: NodeJS.WriteStream;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  update({ type, path = '', done = 0, total = 0 }: ReadProgress): void {
    // A terminal gains nothing from more than some 20 updates a second.
    if (!this.#stream.isTTY || type !== 'read-progress' || (Date.now() - this.#last < 50 && done < total))
      return;
    this.#last = Date.now();
    const width = 24;
    const filled = total > 0 ? Math.round((width * done) / total) : 0;
    const bar = `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
    const room = Math.max(10, (this.#stream.columns ?? 80) - width - 24);
    this.#stream.write(`\r\x1b[2K${bar} ${done}/${total} ${path.slice(-room)}`);
    this.#shown = true;
  }

  clear(): void {
    if (this.#shown) this.#stream.write('\r\x1b[2K');
    this.#shown = false;
  }
}
