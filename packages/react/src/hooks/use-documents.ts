/** What can be done with documents, as one hook: each operation is a call with its own state. */
import { type AnyCapability, contracts, type InputOf, type OutputOf } from '@trivium/protocol';
import { useMemo } from 'react';
import { type CapabilityState, useCapability } from './use-capability.js';

/** A call whose documents are known: it is run without naming them. */
export type DocumentsCall<C extends AnyCapability> = Omit<CapabilityState<C>, 'run'> & {
  readonly run: (input: Omit<InputOf<C>, 'paths'>) => Promise<OutputOf<C> | undefined>;
};

export interface Documents {
  readonly read: DocumentsCall<typeof contracts.read>;
  readonly search: DocumentsCall<typeof contracts.search>;
  /** Its `text` is the answer as it streams, its `progress` how far reading has come, or a model that is fetched or loaded. */
  readonly ask: DocumentsCall<typeof contracts.ask>;
  readonly summarize: DocumentsCall<typeof contracts.summarize>;
}

/**
 * Reads, searches, asks and summarizes the documents under `paths`, which are relative to the server's root.
 * @example
 * const { ask } = useDocuments(['.']);
 * ask.run({ question: 'How do I stop a stream?' });
 * <StreamingText text={ask.text} isStreaming={ask.status === 'running'} />
 */
export function useDocuments(paths: readonly string[]): Documents {
  const key = JSON.stringify(paths);
  const read = useDocumentsCall(contracts.read, key);
  const search = useDocumentsCall(contracts.search, key);
  const ask = useDocumentsCall(contracts.ask, key);
  const summarize = useDocumentsCall(contracts.summarize, key);
  return useMemo(() => ({ read, search, ask, summarize }), [read, search, ask, summarize]);
}

/** @param key The paths as JSON: a list that is made anew in every render is still the same list. */
function useDocumentsCall<C extends AnyCapability>(capability: C, key: string): DocumentsCall<C> {
  const call = useCapability(capability);
  return useMemo(() => {
    const run: DocumentsCall<C>['run'] = (input) =>
      call.run({ ...input, paths: JSON.parse(key) } as InputOf<C>);
    return { ...call, run };
  }, [call, key]);
}
