/** A staged writing as a hook. */
import { useMemo } from 'react';
import type { LongTextSnapshot } from '../stores/long-text-snapshot.js';
import { createLongTextStore, type LongTextSettings, type LongTextStore } from '../stores/long-text-store.js';
import { useEndpoint } from './trivium-provider.js';
import { useLatest } from './use-latest.js';
import { useSnapshot, useStoreOf } from './use-store.js';

export type LongTextState = LongTextSnapshot &
  Pick<LongTextStore, 'write' | 'stop' | 'reset' | 'follow' | 'resume' | 'retryStage'>;

/**
 * Writes a long text from documents in stages: `stages` with their sections as they stream, `citations`, `warnings`, and at
 * the end `data`. With a `checkpoint` in the input, `resume` goes on where a writing stopped, and `retryStage` writes a
 * stage and those after it anew. Actions never reject; what goes wrong is `error`.
 * @example
 * const report = useLongText();
 * report.write({ paths: ['.'], instruction: 'A briefing for the board', checkpoint: 'briefing.json' });
 * report.stages.map(({ stage, status }) => <li key={stage}>{stage}: {status}</li>);
 */
export function useLongText({ job, onEvent }: LongTextSettings = {}): LongTextState {
  const endpoint = useEndpoint();
  const tell = useLatest(onEvent);
  const store = useStoreOf(() => createLongTextStore(endpoint, { job, onEvent: tell }), endpoint);
  const snapshot = useSnapshot(store);
  return useMemo(() => {
    const { write, stop, reset, follow, resume, retryStage } = store;
    return { ...snapshot, write, stop, reset, follow, resume, retryStage };
  }, [snapshot, store]);
}
