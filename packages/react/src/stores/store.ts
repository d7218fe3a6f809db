/**
 * What every store is, and how one tells of changes: snapshots are immutable, keep their identity until something changes,
 * and listeners hear of a burst of changes once a frame. Refuses to know what is in a snapshot, and React.
 */
import { nextFrame, type Schedule } from './frame-clock.js';

/** A source of snapshots, as `useSyncExternalStore` and anything else wants it. */
export interface Store<Snapshot> {
  /** Calls `listener` after changes; answers how to stop that. */
  readonly subscribe: (listener: () => void) => () => void;
  /** The state as it was last told; the same object until it changes. */
  readonly getSnapshot: () => Snapshot;
  /** The state before anything happened, for rendering on a server and for hydration; always the same object. */
  readonly getServerSnapshot: () => Snapshot;
}

export interface Publisher<Snapshot> extends Store<Snapshot> {
  /** Something changed: listeners hear of it with the next frame. */
  readonly touch: () => void;
  /** Something changed that nobody should wait for: listeners hear of it now. */
  readonly publish: () => void;
}

/**
 * @param build The state now, as an immutable object. Called at most once for each time that listeners are told.
 */
export function createPublisher<Snapshot>(
  build: () => Snapshot,
  schedule: Schedule = nextFrame,
): Publisher<Snapshot> {
  const listeners = new Set<() => void>();
  const initial = build();
  let snapshot = initial;
  let isStale = false;
  let forgetFrame: (() => void) | undefined;

  const refresh = () => {
    if (isStale) snapshot = build();
    isStale = false;
  };
  const tell = () => {
    forgetFrame?.();
    forgetFrame = undefined;
    if (!isStale) return;
    refresh();
    for (const listener of [...listeners]) listener();
  };

  return {
    subscribe: (listener) => {
      // A wrapper of its own, so that one function that subscribes twice is heard twice.
      const own = () => listener();
      listeners.add(own);
      return () => {
        listeners.delete(own);
        if (listeners.size > 0) return;
        forgetFrame?.();
        forgetFrame = undefined;
      };
    },
    getSnapshot: () => {
      // With listeners the snapshot stands still between two frames; without, nobody is told and it is made when asked for.
      if (listeners.size === 0 || !forgetFrame) refresh();
      return snapshot;
    },
    getServerSnapshot: () => initial,
    touch: () => {
      isStale = true;
      if (listeners.size > 0) forgetFrame ??= schedule(tell);
    },
    publish: () => {
      isStale = true;
      tell();
    },
  };
}
