export type { AnyLanguageModel } from '../base/ai-sdk.js';
export type { HubSettings } from '../models/hub/hub-settings.js';
export type { MemoryEstimate } from '../models/memory-estimate.js';
export type { ModelStore, ModelStoreSettings, PreloadOptions } from '../models/model-store.js';
export type { ModelPurpose } from '../models/resolve-model.js';
export type { JoinOptions } from '../models/shared-task.js';
export type { AnyGenerateResult, AnyGivenOptions, AnyStreamResult } from './any-language-model.js';
export type { ChatCall } from './chat-settings.js';
export {
  createTrivium,
  type TriviumProvider,
  type TriviumProviderSettings,
  trivium,
} from './create-trivium.js';
export type { EmbedCallOptions, TriviumEmbeddingModel } from './embedding-model.js';
export { type FallbackModel, type FallbackOptions, fallback } from './fallback.js';
export type { ModelSource, TriviumLanguageModel } from './language-model.js';
export type {
  TriviumEmbeddingModelOptions,
  TriviumLanguageModelOptions,
  TriviumRerankingModelOptions,
} from './options.js';
export { type RecordingModel, record } from './record.js';
export { type ReplayModel, replay } from './replay.js';
export type { RerankCallOptions, TriviumRerankingModel } from './reranking-model.js';
export type {
  CallOptions,
  CallWarning,
  ContentPart,
  FinishReason,
  GenerateResult,
  PromptMessage,
  PromptPart,
  SpecificationVersion,
  StreamPart,
  ToolCall,
  Usage,
} from './specification.js';
export type { LikelyToken, TokenLogprob } from './token-logprobs.js';
