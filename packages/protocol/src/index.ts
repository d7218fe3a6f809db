export * from './capability.js';
export * from './chat-parts.js';
export * from './citation-markers.js';
export type { ChatMessage } from './contracts/chat.js';
export * as contracts from './contracts/index.js';
export { type Job, type JobStatus, jobStatusIsFinal } from './contracts/jobs.js';
export {
  type ChunkProgress,
  type Citation,
  type DownloadProgress,
  filePath,
  type LoadProgress,
  type ModelProgress,
  modelReference,
  type ReadProgress,
  type SourceWarning,
} from './contracts/shared.js';
export type {
  StageOutcome,
  StageReport,
  WriteEvent,
  WriteStage,
  WriteUsage,
} from './contracts/write-events.js';
export * from './errors.js';
export {
  type CapabilityCall,
  call,
  type InvokeOptions,
  invoke,
  parseInput,
  stream,
} from './invoke.js';
export { type Endpoint, eventsOf, remote, request } from './remote.js';
export * from './remote-jobs.js';
export * from './remote-scratch.js';
export { respelled } from './respell.js';
export * from './wire.js';
