export type { AnyLanguageModel } from '../base/ai-sdk.js';
export {
  createTrivium,
  type TriviumProvider,
  type TriviumProviderSettings,
  trivium,
} from './create-trivium.js';
export type { TriviumEmbeddingModel } from './embedding-model.js';
export { type FallbackModel, type FallbackOptions, fallback } from './fallback.js';
export type { TriviumLanguageModel } from './language-model.js';
export type {
  TriviumEmbeddingModelOptions,
  TriviumLanguageModelOptions,
  TriviumRerankingModelOptions,
} from './options.js';
export { type RecordingModel, record } from './record.js';
export { type ReplayModel, replay } from './replay.js';
export type { TriviumRerankingModel } from './reranking-model.js';
export type { SpecificationVersion } from './specification.js';
export type { LikelyToken, TokenLogprob } from './token-logprobs.js';
