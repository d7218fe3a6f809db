/** When it is worth to look at a job again: after a moment, or once it has ended here. All who follow it wait for the same. */
const lookEveryMs = 150;

export class NextLooks {
  readonly #waited = new Map<string, { look: Promise<void>; wake: () => void }>();

  wait(id: string): Promise<void> {
    const waited = this.#waited.get(id);
    if (waited) return waited.look;
    let wake!: () => void;
    const look = new Promise<void>((resolve) => {
      const timer = setTimeout(() => wake(), lookEveryMs);
      wake = () => {
        clearTimeout(timer);
        this.#waited.delete(id);
        resolve();
      };
    });
    this.#waited.set(id, { look, wake });
    return look;
  }

  wake(id: string): void {
    this.#waited.get(id)?.wake();
  }
}
