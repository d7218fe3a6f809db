/** Long text: read documents, search them, ask them, summarize them and write from them, with citations. */
export { unsupported } from './check-citations.js';
export { chooseDiverse } from './choose-diverse.js';
export { createLongText, type LongText } from './create-long-text.js';
export type { Running } from './running.js';
export { type Sentence, splitSentences } from './sentences.js';
export { type SelectionOptions, selectSentences } from './summarize-extractive.js';
export { type FeatureInput, type FeatureName, featureNames, sentenceFeatures } from './summary-features.js';
export { plainWeights, queryWeights, type SummaryWeights } from './summary-weights.js';
export type {
  Answer,
  AskOptions,
  EmbedTexts,
  LongTextLibrary,
  LongTextOptions,
  SummarizeOptions,
  SummarizeProgress,
  Summary,
} from './types.js';
export { countWords, isMostlyChinese } from './words.js';
export type { StageOptions, WriteOptions, Writing, WrittenText } from './write/index.js';
