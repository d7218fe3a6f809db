/** Standard input as bytes: read when first asked for, kept for later readings. Nobody need wait for its end. */
export class StandardInput {
  readonly #stream: AsyncIterable<Uint8Array> | undefined;
  readonly #closing = new AbortController();
  #bytes: Promise<Uint8Array> | undefined;

  constructor(stream?: AsyncIterable<Uint8Array>) {
    this.#stream = stream;
  }

  /** Rejects with the signal's reason, or with that of `close`, even while the stream stays open. */
  read(signal?: AbortSignal): Promise<Uint8Array> {
    const closed = this.#closing.signal;
    const end = signal ? AbortSignal.any([signal, closed]) : closed;
    return new Promise((resolve, reject) => {
      end.throwIfAborted();
      const leave = () => reject(end.reason);
      end.addEventListener('abort', leave, { once: true });
      this.#bytes ??= collect(this.#stream ?? process.stdin);
      this.#bytes.then(resolve, reject).finally(() => end.removeEventListener('abort', leave));
    });
  }

  /** Lets go whoever waits, and whoever asks from now on. */
  close(reason: unknown): void {
    this.#closing.abort(reason);
  }
}

async function collect(stream: AsyncIterable<Uint8Array | string>): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part as Uint8Array));
  return Buffer.concat(parts);
}
