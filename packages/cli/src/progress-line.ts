/** One line of progress on a terminal; nothing at all where standard error is no terminal. */

/** What a line can show: documents that are read, bytes that are fetched. */
interface Progress {
  type: string;
  path?: string;
  done?: number;
  total?: number;
  file?: string;
  bytes?: number;
  totalBytes?: number;
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)}`;

export class ProgressLine {
  #shown = false;
  #last = 0;
  readonly #stream: NodeJS.WriteStream;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  update({ type, ...progress }: Progress): void {
    if (type === 'read-progress') {
      const { path = '', done = 0, total = 0 } = progress;
      this.#show(done, total, `${done}/${total}`, path);
    } else if (type === 'download-progress') {
      const { file = '', bytes = 0, totalBytes = 0 } = progress;
      this.#show(bytes, totalBytes, `${megabytes(bytes)}/${megabytes(totalBytes)} MB`, file);
    }
  }

  #show(done: number, total: number, figures: string, name: string): void {
    // A terminal gains nothing from more than some 20 updates a second.
    if (!this.#stream.isTTY || (Date.now() - this.#last < 50 && done < total)) return;
    this.#last = Date.now();
    const width = 24;
    const filled = total > 0 ? Math.round((width * done) / total) : 0;
    const bar = `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
    const room = Math.max(10, (this.#stream.columns ?? 80) - width - figures.length - 3);
    this.#stream.write(`\r\x1b[2K${bar} ${figures} ${name.slice(-room)}`);
    this.#shown = true;
  }

  clear(): void {
    if (this.#shown) this.#stream.write('\r\x1b[2K');
    this.#shown = false;
  }
}
