/** A capability as a hook: its contract is all that is needed, from this package, from `@trivium/protocol` or a plugin. */
import type { AnyCapability, ProgressOf } from '@trivium/protocol';
import { useMemo } from 'react';
import type { CallSnapshot } from '../stores/call-snapshot.js';
import { type CallStore, createCallStore } from '../stores/call-store.js';
import type { JobSettings } from '../stores/job-memory.js';
import { useEndpoint } from './trivium-provider.js';
import { useLatest } from './use-latest.js';
import { useSnapshot, useStoreOf } from './use-store.js';

export interface UseCapabilityOptions<C extends AnyCapability> {
  /**
   * Run calls as jobs of the server: they go on without the page, and a page that is loaded again finds the last one.
   * Two hooks of one capability on a page want two `key`s. Read when the hook is first rendered.
   */
  job?: boolean | JobSettings | undefined;
  /** Every progress event, in order; `progress` is only the last of a frame. */
  onProgress?: ((progress: ProgressOf<C>) => void) | undefined;
}

export type CapabilityState<C extends AnyCapability> = CallSnapshot<C> &
  Pick<CallStore<C>, 'run' | 'stop' | 'reset' | 'follow'>;

/**
 * Calls a capability of the server. `status` is `idle`, `running`, `success`, `error` or `cancelled`; `data` is the output,
 * `error` a `TriviumError`; `text` is what streams. `run` answers the output, or `undefined` when there is none, and never
 * rejects. One call at a time: `run` stops the one before. A component that goes stops its call; its job goes on.
 * @example
 * const words = useCapability(countWords);
 * <button onClick={() => words.run({ text })}>Count</button>
 * {words.status === 'success' && <output>{words.data.words}</output>}
 */
export function useCapability<C extends AnyCapability>(
  capability: C,
  { job, onProgress }: UseCapabilityOptions<C> = {},
): CapabilityState<C> {
  const endpoint = useEndpoint();
  const tell = useLatest(onProgress);
  const store = useStoreOf(
    () => createCallStore(capability, endpoint, { job, onProgress: tell }),
    capability,
    endpoint,
  );
  const snapshot = useSnapshot(store);
  return useMemo(() => {
    const { run, stop, reset, follow } = store;
    return { ...snapshot, run, stop, reset, follow };
  }, [snapshot, store]);
}
