/** Calls back, a moment after the last of a burst of changes, when something below the roots changed. */
import { type FSWatcher, watch } from 'node:fs';

const quiet = 200;

/** Returns what stops it. Roots that cannot be watched are left alone. */
export function watchRoots(roots: readonly string[], changed: () => void): () => void {
  const watchers: FSWatcher[] = [];
  let timer: NodeJS.Timeout | undefined;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(changed, quiet);
    timer.unref();
  };
  for (const root of roots) {
    try {
      const watcher = watch(root, { recursive: true, persistent: false }, later);
      watcher.on('error', () => watcher.close());
      watchers.push(watcher);
    } catch {
      // A file system without notices: the next read sees the change.
    }
  }
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
