/**
 * Calls back, a moment after the last of a burst of changes, when something below the roots changed. Watchers are made anew
 * after each burst: on Linux they hold to the file that was there, and hear no more of one that was renamed over it.
 */
import { type FSWatcher, watch } from 'node:fs';

const quiet = 200;

/** Returns what stops it. Roots that cannot be watched are left alone. */
export function watchRoots(roots: readonly string[], changed: () => void): () => void {
  let watchers: FSWatcher[] = [];
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      stop();
      watchers = watchAll(roots, later);
      // After they listen again, so that what changed in between is read too.
      changed();
    }, quiet);
    timer.unref();
  };
  watchers = watchAll(roots, later);
  return stop;
}

function watchAll(roots: readonly string[], heard: () => void): FSWatcher[] {
  return roots.flatMap((root) => {
    try {
      const watcher = watch(root, { recursive: true, persistent: false }, heard);
      watcher.on('error', () => watcher.close());
      return [watcher];
    } catch {
      // A file system without notices: the next read sees the change.
      return [];
    }
  });
}
