/** Stores without a framework: `subscribe`, `getSnapshot` and actions. The hooks of this package are made of them. */
export type { CallSnapshot, CallStatus, StepOf } from './call-snapshot.js';
export { type CallSettings, type CallStore, createCallStore } from './call-store.js';
export type { JobSettings, JobStorage } from './job-memory.js';
export { createJobStore, type JobSnapshot, type JobStore } from './job-store.js';
export {
  createJobsStore,
  type JobsSettings,
  type JobsSnapshot,
  type JobsStore,
  type ListedJob,
} from './jobs-store.js';
export type {
  LongTextSnapshot,
  PartStatus,
  SectionState,
  StageState,
  WriteCitation,
  WriteWarning,
} from './long-text-snapshot.js';
export { createLongTextStore, type LongTextSettings, type LongTextStore } from './long-text-store.js';
export type { Store } from './store.js';
export { createTextBuffer, emptyText, type StreamedText, type TextBuffer } from './streamed-text.js';
export {
  createUploadsStore,
  type Upload,
  type UploadSource,
  type UploadsSnapshot,
  type UploadsStore,
} from './uploads-store.js';
