/** How a component holds a store: made once, made anew when what it is for changes, watched, and left when it goes. */
import { useEffect, useState, useSyncExternalStore } from 'react';
import type { Store } from '../stores/store.js';

/** A store that wants to know whether somebody looks. */
interface Attachable<Snapshot> extends Store<Snapshot> {
  readonly attach: () => () => void;
}

/**
 * @param create Makes the store; must do nothing else.
 * @param identity What the store is for; a value that differs from the last render's makes a new store.
 */
export function useStoreOf<S>(create: () => S, ...identity: readonly unknown[]): S {
  const [held, setHeld] = useState(() => ({ store: create(), identity }));
  const isSame = identity.every((value, index) => Object.is(value, held.identity[index]));
  if (isSame) return held.store;
  const next = { store: create(), identity };
  setHeld(next);
  return next.store;
}

/** The snapshot of a store, and that this component looks at it. */
export function useSnapshot<Snapshot>({
  subscribe,
  getSnapshot,
  getServerSnapshot,
  attach,
}: Attachable<Snapshot>): Snapshot {
  const snapshot = useSyncExternalStore(subscribe, getSnapshot, getServerSnapshot);
  useEffect(() => attach(), [attach]);
  return snapshot;
}
