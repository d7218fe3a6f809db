export * from './capability.js';
export type { ChatMessage } from './contracts/chat.js';
export * as contracts from './contracts/index.js';
export { type Job, type JobStatus, jobStatusIsFinal } from './contracts/jobs.js';
export { type Citation, filePath, modelReference } from './contracts/shared.js';
export type {
  StageOutcome,
  StageReport,
  WriteEvent,
  WriteStage,
  WriteUsage,
} from './contracts/write-events.js';
export * from './errors.js';
export * from './invoke.js';
export { type Endpoint, eventsOf, remote, request } from './remote.js';
export * from './wire.js';
