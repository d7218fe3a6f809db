/**
 * Libraries by their paths, each lent to whoever works with it. One that nobody has is kept for the next caller of the same
 * paths, but only the latest few: a library holds an index and a thread, and callers of a server choose the paths. Knows no
 * documents; what is disposed of is read again from its index on disk. One whose thread died is lent to nobody again.
 */
import type { Library } from '../documents/index.js';

export interface LeasedLibrary extends AsyncDisposable {
  readonly library: Library;
}

interface Held {
  readonly library: Promise<Library>;
  /** The same, once it is there. */
  made?: Library;
  leases: number;
}

export class LeasedLibraries implements AsyncDisposable {
  /** The one that was asked for last stands last. */
  readonly #held = new Map<string, Held>();
  readonly #make: () => Promise<Library>;
  readonly #mostIdle: number;

  /** @param mostIdle libraries that are kept though nobody has them */
  constructor(make: () => Promise<Library>, mostIdle = 8) {
    this.#make = make;
    this.#mostIdle = mostIdle;
  }

  /** The library over these paths, not read yet or as its last caller left it; it stays until the lease is disposed of. */
  async lease(paths: readonly string[]): Promise<LeasedLibrary> {
    const key = JSON.stringify(paths);
    const kept = this.#held.get(key);
    const dead = kept?.made?.ended ? kept : undefined;
    const held = kept && !dead ? kept : this.#hold();
    this.#held.delete(key);
    this.#held.set(key, held);
    held.leases += 1;
    let isOver = false;
    const end = async () => {
      if (isOver) return;
      isOver = true;
      held.leases -= 1;
      await this.#dropIdle();
    };
    try {
      if (dead) await disposeOf(dead);
      return { library: await held.library, [Symbol.asyncDispose]: end };
    } catch (error) {
      if (this.#held.get(key) === held) this.#held.delete(key);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#held.values()];
    this.#held.clear();
    await Promise.all(all.map(disposeOf));
  }

  #hold(): Held {
    const held: Held = { library: this.#make(), leases: 0 };
    held.library.then(
      (made) => {
        held.made = made;
      },
      () => {},
    );
    return held;
  }

  async #dropIdle(): Promise<void> {
    const idle = [...this.#held].filter(([, { leases }]) => leases === 0);
    const dropped = idle.slice(0, Math.max(0, idle.length - this.#mostIdle));
    for (const [key] of dropped) this.#held.delete(key);
    await Promise.all(dropped.map(([, held]) => disposeOf(held)));
  }
}

async function disposeOf({ library }: Held): Promise<void> {
  // One that could not be made has nothing to dispose of.
  const made = await library.catch(() => undefined);
  await made?.dispose();
}
