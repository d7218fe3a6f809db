/** What the library and its worker say to each other. */
import type { SerializedError } from '@trivium/protocol/errors';
import type { CoreOptions } from './library-core.js';
import type {
  Passage,
  ReadingProgress,
  ReadReport,
  SearchHit,
  SearchLevel,
  SearchMode,
  SourceText,
} from './types.js';

export interface WorkerCalls {
  read: { input: { paths: readonly string[]; watch: boolean; stdin?: Uint8Array }; output: ReadReport };
  search: {
    input: {
      query: string;
      limit?: number;
      mode?: SearchMode;
      level?: SearchLevel;
      explain?: boolean;
    };
    output: SearchHit[];
  };
  passages: { input: Record<string, never>; output: Passage[] };
  document: { input: { path: string }; output: SourceText };
  paths: { input: Record<string, never>; output: string[] };
  dispose: { input: Record<string, never>; output: null };
}

export type WorkerCall = keyof WorkerCalls;

export type ToWorker =
  | { [Call in WorkerCall]: { id: number; call: Call; input: WorkerCalls[Call]['input'] } }[WorkerCall]
  | { id: number; call: 'cancel' }
  /** A part has been taken: the next may come. */
  | { id: number; call: 'taken' };

export type FromWorker =
  | { id: number; type: 'progress'; progress: ReadingProgress }
  | { id: number; type: 'warning'; message: string }
  /** A slice of a long list, so that no message takes the receiver long, nor many at once: each waits until the last was taken. */
  | { id: number; type: 'part'; items: unknown[] }
  | { id: number; type: 'result'; output: unknown }
  | { id: number; type: 'error'; error: SerializedError }
  | { id: number; type: 'cancelled' }
  | { id: number; type: 'change'; report: ReadReport };

export type WorkerSettings = Omit<CoreOptions, 'embedders'>;
