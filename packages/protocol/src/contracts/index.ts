export { ask, read, search, searchHit, summarize } from './documents.js';
export { embed, generate, inspect, logits, tokenize, usage } from './models.js';
export {
  answerMode,
  citation,
  filePath,
  modelReference,
  readProgress,
  sourcePaths,
  textDelta,
} from './shared.js';
