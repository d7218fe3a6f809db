/** What a call looks like from outside, at one moment. */
import type { AnyCapability, OutputOf, ProgressOf, TriviumError } from '@trivium/protocol';
import { emptyText, type StreamedText } from './streamed-text.js';

/** Progress of `C` but its text deltas, which become `text`, and its warnings, which say nothing of how far it is. */
export type StepOf<C extends AnyCapability> = Exclude<ProgressOf<C>, { type: 'text-delta' | 'warning' }>;

interface CallFacts<C extends AnyCapability> {
  /** The last progress event that is neither a text delta nor a warning; `onProgress` is told all. */
  readonly progress: StepOf<C> | undefined;
  /** The output's text as it streams; empty for capabilities whose deltas are drafts. */
  readonly text: StreamedText;
  /** Progress events so far, text deltas included. */
  readonly events: number;
  /** The job that runs, or ran, the call; `undefined` where none does. */
  readonly jobId: string | undefined;
  /** False while the connection to a job that goes on is being made again, and beside an `error` when that was given up. */
  readonly isConnected: boolean;
  /** Why the last `stop` did not reach the job: it goes on, and `stop` may be called again. */
  readonly stopError: TriviumError | undefined;
}

export type CallSnapshot<C extends AnyCapability> = CallFacts<C> &
  (
    | {
        readonly status: 'idle' | 'running' | 'cancelled';
        readonly data: undefined;
        readonly error: undefined;
      }
    | { readonly status: 'success'; readonly data: OutputOf<C>; readonly error: undefined }
    | { readonly status: 'error'; readonly data: undefined; readonly error: TriviumError }
  );

export type CallStatus = CallSnapshot<AnyCapability>['status'];

/** How a call stands, with what belongs to that. */
export type CallOutcome<C extends AnyCapability> =
  | { status: 'idle' | 'running' | 'cancelled' }
  | { status: 'success'; data: OutputOf<C> }
  | { status: 'error'; error: TriviumError };

/** What is known of one call while it runs; emptied when the next one starts. */
export interface CallRecord<C extends AnyCapability> {
  outcome: CallOutcome<C>;
  progress: StepOf<C> | undefined;
  events: number;
  jobId: string | undefined;
  isConnected: boolean;
  stopError: TriviumError | undefined;
}

export const newRecord = <C extends AnyCapability>(): CallRecord<C> => ({
  outcome: { status: 'idle' },
  progress: undefined,
  events: 0,
  jobId: undefined,
  isConnected: true,
  stopError: undefined,
});

export const snapshotOf = <C extends AnyCapability>(
  { outcome, ...facts }: CallRecord<C>,
  text: StreamedText = emptyText,
): CallSnapshot<C> =>
  Object.freeze({
    status: outcome.status,
    data: outcome.status === 'success' ? outcome.data : undefined,
    error: outcome.status === 'error' ? outcome.error : undefined,
    ...facts,
    text,
  }) as CallSnapshot<C>;
