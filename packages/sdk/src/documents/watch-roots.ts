/**
 * Calls back, a moment after the last of a burst of changes, when something below the roots changed. Watchers are made anew
 * after each burst: on Linux they hold to the file that was there, and hear no more of one that was renamed over it.
 */
import { existsSync, type FSWatcher, watch } from 'node:fs';
import { performance } from 'node:perf_hooks';

/** Milliseconds without a change that end a burst. */
const quiet = 200;
/** Milliseconds after which one that does not end is told all the same. */
const longest = 2000;
/** Milliseconds between two looks for roots that are gone. */
const lookEvery = 500;
/** Milliseconds after which a watcher that failed is replaced: one that always fails is as good as a look now and then. */
const renewAfter = 5000;

/**
 * Returns what stops it. A root that is gone is heard again once it is back; a watcher that fails is replaced, and what
 * it may have missed is told; a root that cannot be watched is left alone.
 */
export function watchRoots(roots: readonly string[], changed: () => void): () => void {
  let watchers: FSWatcher[] = [];
  let burst: NodeJS.Timeout | undefined;
  let burstBegan: number | undefined;
  let search: NodeJS.Timeout | undefined;
  let renewal: NodeJS.Timeout | undefined;
  const stop = () => {
    clearTimeout(burst);
    clearTimeout(renewal);
    clearInterval(search);
    for (const watcher of watchers) watcher.close();
  };
  const listen = () => {
    const gone: string[] = [];
    watchers = roots.flatMap((root) => watcherOf(root, { heard, gone: () => gone.push(root), failed }));
    if (gone.length === 0) return;
    search = setInterval(() => {
      if (gone.some((root) => existsSync(root))) heard();
    }, lookEvery);
    search.unref();
  };
  const tell = () => {
    burstBegan = undefined;
    stop();
    listen();
    // After they listen again, so that what changed in between is read too.
    changed();
  };
  const failed = () => {
    clearTimeout(renewal);
    renewal = setTimeout(tell, renewAfter);
    renewal.unref();
  };
  const heard = () => {
    const now = performance.now();
    burstBegan ??= now;
    clearTimeout(burst);
    burst = setTimeout(tell, Math.max(0, Math.min(quiet, burstBegan + longest - now)));
    burst.unref();
  };
  listen();
  return stop;
}

interface Listener {
  heard: () => void;
  /** At once, where the root is not there. */
  gone: () => void;
  /** Later: it hears nothing more. */
  failed: () => void;
}

function watcherOf(root: string, { heard, gone, failed }: Listener): FSWatcher[] {
  try {
    const watcher = watch(root, { recursive: true, persistent: false }, heard);
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
