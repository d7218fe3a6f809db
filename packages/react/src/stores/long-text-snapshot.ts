/** What a staged writing looks like from outside, at one moment: plain data and views of text. */
import type { Citation, contracts, StageReport, TriviumError, WriteStage } from '@trivium/protocol';
import type { CallSnapshot } from './call-snapshot.js';
import type { StreamedText } from './streamed-text.js';

export type Write = typeof contracts.write;

/** `stopped`: the writing ended, one way or another, while it was at work; `skipped`: it ended without it. */
export type PartStatus = 'waiting' | 'running' | 'finished' | 'stopped' | 'skipped';

/** A section as one stage writes it. */
export interface SectionState {
  /** From 1. */
  readonly number: number;
  readonly title: string | undefined;
  readonly status: PartStatus;
  /** Words that it is to have, and, once it is finished, has. */
  readonly words: number;
  /** The draft as it streams. */
  readonly draft: StreamedText;
  /** The section as it is kept, once it is finished; markers `[n]` are numbers of `citations`. */
  readonly text: string | undefined;
  /** polish: the rewriting was refused and the expanded section kept. */
  readonly isRejected: boolean;
  /** Taken from the checkpoint; no model was called. */
  readonly isResumed: boolean;
}

export interface StageState {
  readonly stage: WriteStage;
  readonly status: PartStatus;
  readonly model: string | undefined;
  /** Words that it is to write. */
  readonly words: number | undefined;
  /** Sections that it plans; 0 until it says so. */
  readonly plannedSections: number;
  /** What it writes outside of sections: the points of the summary. */
  readonly draft: StreamedText;
  readonly sections: readonly SectionState[];
  /** Where the model cannot hold the source: how many of its chunks have become notes, on which level. */
  readonly chunks: { readonly level: number; readonly done: number; readonly total: number } | undefined;
  /** Once it is finished: usage, words, time and why it ended. */
  readonly report: StageReport | undefined;
}

export interface WriteCitation {
  /** What a marker `[n]` of drafts and sections stands for. The finished text has numbers of its own. */
  readonly number: number;
  readonly citation: Citation;
}

export interface WriteWarning {
  readonly stage: WriteStage | undefined;
  readonly section: number | undefined;
  readonly message: string;
}

export interface LongTextSnapshot {
  readonly status: CallSnapshot<Write>['status'];
  /** The finished writing: its text, whose `[n]` is `citations[n - 1]` of the same object. */
  readonly data: CallSnapshot<Write>['data'];
  readonly error: TriviumError | undefined;
  /** How far a model is that is being fetched (its `file`, in bytes) or loaded (a share of 1). */
  readonly loading: { readonly file?: string; readonly done: number; readonly total: number } | undefined;
  /** How far reading the documents has come. */
  readonly reading: { readonly path: string; readonly done: number; readonly total: number } | undefined;
  /** summary, expand and polish, in this order. */
  readonly stages: readonly StageState[];
  readonly citations: readonly WriteCitation[];
  readonly warnings: readonly WriteWarning[];
  /** It stopped before its end, and its checkpoint holds what is done: `resume` goes on there. */
  readonly canResume: boolean;
  readonly jobId: CallSnapshot<Write>['jobId'];
  readonly isConnected: CallSnapshot<Write>['isConnected'];
  readonly stopError: CallSnapshot<Write>['stopError'];
}
