/**
 * Calls back, a moment after the last of a burst of changes, when something below the roots changed. Watchers are made anew
 * after each burst: on Linux they hold to the file that was there, and hear no more of one that was renamed over it. Where what
 * is called back changes something below the roots itself, it is called again, but less and less often.
 */
import { existsSync, type FSWatcher, watch } from 'node:fs';
import { performance } from 'node:perf_hooks';

/** Milliseconds without a change that end a burst. */
const quiet = 200;
/** Milliseconds after which one that does not end is told all the same, and the longest pause. */
const longest = 2000;
/** Milliseconds between two looks for roots that are gone. */
const lookEvery = 500;
/** Milliseconds after which a watcher that failed is replaced: one that always fails is as good as a look now and then. */
const renewAfter = 5000;

/**
 * Returns what stops it. A root that is gone is heard again once it is back; a watcher that fails is replaced, and what
 * it may have missed is told; a root that cannot be watched is left alone.
 * @param changed resolves to whether it found anything new; it is not called again before that
 * @param concerns whether a change of what stands at `inside`, a path from `root`, is to be told
 */
export function watchRoots(
  roots: readonly string[],
  changed: () => Promise<boolean>,
  concerns: (root: string, inside: string) => boolean,
): () => void {
  let watchers: FSWatcher[] = [];
  let burst: NodeJS.Timeout | undefined;
  let burstBegan: number | undefined;
  let search: NodeJS.Timeout | undefined;
  let renewal: NodeJS.Timeout | undefined;
  let isTelling = false;
  let inVain = 0;
  let restUntil = 0;
  let isOver = false;
  const stop = () => {
    clearTimeout(burst);
    clearTimeout(renewal);
    clearInterval(search);
    for (const watcher of watchers) watcher.close();
  };
  const listen = () => {
    const gone: string[] = [];
    const listenerOf = (root: string): Listener => ({
      heard: (inside) => {
        if (inside === null || concerns(root, inside)) heard();
      },
      gone: () => gone.push(root),
      failed,
    });
    watchers = roots.flatMap((root) => watcherOf(root, listenerOf(root)));
    if (gone.length === 0) return;
    search = setInterval(() => {
      if (gone.some((root) => existsSync(root))) heard();
    }, lookEvery);
    search.unref();
  };
  const tell = async () => {
    burstBegan = undefined;
    isTelling = true;
    stop();
    listen();
    // After they listen again, so that what changed in between is read too.
    const isNew = await changed();
    isTelling = false;
    inVain = isNew ? 0 : inVain + 1;
    restUntil = isNew ? 0 : performance.now() + Math.min(quiet * 2 ** inVain, longest);
    if (burstBegan !== undefined) tellSoon();
  };
  const failed = () => {
    clearTimeout(renewal);
    renewal = setTimeout(heard, renewAfter);
    renewal.unref();
  };
  const heard = () => {
    burstBegan ??= performance.now();
    if (!isTelling) tellSoon();
  };
  const tellSoon = () => {
    if (isOver) return;
    const now = performance.now();
    clearTimeout(burst);
    const wait = Math.min(quiet, (burstBegan ?? now) + longest - now);
    burst = setTimeout(tell, Math.max(0, restUntil - now, wait));
    burst.unref();
  };
  listen();
  return () => {
    isOver = true;
    stop();
  };
}

interface Listener {
  /** A path from the root; nothing where the system does not tell it. */
  heard: (inside: string | null) => void;
  /** At once, where the root is not there. */
  gone: () => void;
  /** Later: it hears nothing more. */
  failed: () => void;
}

function watcherOf(root: string, { heard, gone, failed }: Listener): FSWatcher[] {
  try {
    const watcher = watch(root, { recursive: true, persistent: false }, (_, inside) => heard(inside));
    watcher.on('error', () => {
      watcher.close();
      failed();
    });
    return [watcher];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') gone();
    // Else a file system without notices: the next read sees the change.
    return [];
  }
}
