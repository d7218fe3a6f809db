/**
 * A staged writing as a store: its stages and sections as they stream, stopped, resumed from its checkpoint, and a stage
 * written anew. Built on the store of a call, whose state it extends; refuses to know React and how stages write.
 */
import {
  contracts,
  type Endpoint,
  type InputOf,
  type OutputOf,
  type ProgressOf,
  type WriteStage,
} from '@trivium/protocol';
import type { CallSnapshot } from './call-snapshot.js';
import { type CallStore, createCallStore } from './call-store.js';
import type { JobSettings } from './job-memory.js';
import { LongTextDraft } from './long-text-draft.js';
import type { LongTextSnapshot, Write } from './long-text-snapshot.js';
import type { Store } from './store.js';

export interface LongTextSettings {
  /** Write as a job of the server, which a page that is loaded again finds. */
  job?: boolean | JobSettings | undefined;
  /** Every event, in order. */
  onEvent?: ((event: ProgressOf<Write>) => void) | undefined;
}

type Written = Promise<OutputOf<Write> | undefined>;

export interface LongTextStore
  extends Store<LongTextSnapshot>,
    Pick<CallStore<Write>, 'stop' | 'reset' | 'follow' | 'attach'> {
  /** Writes; a writing that still runs is stopped first. With `checkpoint` it can be resumed and its stages retried. */
  readonly write: (input: InputOf<Write>) => Written;
  /** Goes on where the last writing stopped; see `canResume`. Without a checkpoint it begins anew. */
  readonly resume: () => Written;
  /** Writes a stage and those after it anew, from what the checkpoint holds of those before. */
  readonly retryStage: (stage: WriteStage) => Written;
}

/**
 * @example
 * const report = createLongTextStore({ baseUrl: '' });
 * report.subscribe(() => console.log(report.getSnapshot().stages.map(({ stage, status }) => `${stage} ${status}`)));
 * await report.write({ paths: ['.'], instruction: 'A briefing', checkpoint: 'briefing.json' });
 */
export function createLongTextStore(
  endpoint: Endpoint,
  { job, onEvent }: LongTextSettings = {},
): LongTextStore {
  let draft = new LongTextDraft();
  let input: InputOf<Write> | undefined;
  const call = createCallStore(contracts.write, endpoint, {
    job,
    onStart: () => {
      draft = new LongTextDraft();
      input = undefined;
    },
    onProgress: (event) => {
      draft.take(event);
      if (input && isKeptAnew(event, input.redo)) input = withoutRedo(input);
      onEvent?.(event);
    },
  });

  const build = (state: CallSnapshot<Write>): LongTextSnapshot => {
    const { status, data, error, jobId, isConnected, stopError } = state;
    const isOver = status === 'cancelled' || status === 'error';
    if (isOver) draft.stop();
    const canResume = isOver && input?.checkpoint !== undefined;
    const call = { status, data, error, jobId, isConnected, stopError };
    return Object.freeze({ ...call, canResume, ...draft.state() });
  };
  const initial = build(call.getServerSnapshot());
  let seen = call.getServerSnapshot();
  let snapshot = initial;

  const write = (given: InputOf<Write>): Written => {
    const written = call.run(given);
    // Not before: whatever begins, a job that is followed too, forgets the input of the writing before it.
    input = given;
    return written;
  };
  const again = (redo = input?.redo): Written => {
    if (!input) return Promise.resolve(undefined);
    return write(redo ? { ...input, redo } : input);
  };

  return Object.freeze({
    subscribe: call.subscribe,
    getSnapshot: () => {
      const state = call.getSnapshot();
      if (state !== seen) {
        seen = state;
        snapshot = build(state);
      }
      return snapshot;
    },
    getServerSnapshot: () => initial,
    write,
    stop: call.stop,
    reset: call.reset,
    follow: call.follow,
    attach: call.attach,
    resume: () => again(),
    retryStage: (stage: WriteStage) => again(stage),
  });
}

/** Whether the checkpoint holds a part of `stage` anew: until then it holds the old ones, and to go on would be to take those. */
function isKeptAnew(event: ProgressOf<Write>, stage: WriteStage | undefined): boolean {
  if (event.type === 'stage-end') return event.stage === stage;
  if (event.type !== 'section-end' && event.type !== 'chunk-end') return false;
  return event.stage === stage && !event.resumed;
}

function withoutRedo({ redo: _, ...input }: InputOf<Write>): InputOf<Write> {
  return input;
}
