export * from './capability.js';
export type { ChatMessage } from './contracts/chat.js';
export * as contracts from './contracts/index.js';
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
