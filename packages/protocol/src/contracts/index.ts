export { chat, chatMessage, chatWarning, reasoningDelta } from './chat.js';
export { documentsList, documentsText } from './document-files.js';
export { ask, read, search, searchHit, summarize } from './documents.js';
export { modelsList, modelsRemove, modelsVerify, pull } from './hub.js';
export { inspect, modelSpeed, speedEstimate, speedMeasurement } from './inspect.js';
export { job, jobStatus, jobsCancel, jobsList, jobsShow, jobsWatch } from './jobs.js';
export { embed, generate, logits, tokenize, usage } from './models.js';
export {
  answerMode,
  citation,
  downloadProgress,
  filePath,
  hubReference,
  loadProgress,
  modelFigures,
  modelReference,
  readProgress,
  sourcePaths,
  sourceWarning,
  textDelta,
} from './shared.js';
export { stageInput, stagesInput, write } from './write.js';
export { stageReport, writeEvent, writeStage, writeUsage } from './write-events.js';
