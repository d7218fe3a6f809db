/** Hands what a running call produces to one reader, in order. Refuses to know: what the pieces are. */

export class PieceQueue<Piece> {
  readonly #pieces: Piece[] = [];
  #wake = () => {};
  #settled = false;

  push(piece: Piece): void {
    this.#pieces.push(piece);
    this.#wake();
  }

  /** Ends with `result` and throws what it rejects with. A caller may read this only: the rejection arrives here. */
  endWith(result: Promise<unknown>): void {
    const settle = () => {
      this.#settled = true;
      this.#wake();
    };
    result.then(settle, settle);
  }

  /** For one reader. `onLeave` is called when the reader leaves before the end. */
  async *read(result: Promise<unknown>, onLeave?: () => void): AsyncGenerator<Piece> {
    let isOver = false;
    try {
      for (;;) {
        while (this.#pieces.length > 0) yield this.#pieces.shift() as Piece;
        if (this.#settled) break;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      isOver = true;
    } finally {
      if (!isOver) onLeave?.();
    }
    await result;
  }
}
