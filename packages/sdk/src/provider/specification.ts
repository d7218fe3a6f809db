/**
 * The part of the AI SDK's model specification that we speak, as types. V3 (`ai` 6) and V4 (`ai` 7) differ in shapes we
 * never produce (files, citations on parts), so one set of narrow types is assignable to both; only the literal differs.
 * Source: the declarations of @ai-sdk/provider 3 and 4.
 */
import type { SharedV3ProviderMetadata } from '@ai-sdk/provider';

export type SpecificationVersion = 'v3' | 'v4';

export interface PromptPart {
  readonly type: string;
  readonly text?: string;
}

export interface PromptMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string | readonly PromptPart[];
}

/** What both versions send, read loosely: a part of a kind we do not know is refused by name, not by type. */
export interface CallOptions {
  readonly prompt: readonly PromptMessage[];
  readonly maxOutputTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly stopSequences?: readonly string[] | undefined;
  readonly topP?: number | undefined;
  readonly topK?: number | undefined;
  readonly presencePenalty?: number | undefined;
  readonly frequencyPenalty?: number | undefined;
  readonly seed?: number | undefined;
  readonly reasoning?: string | undefined;
  readonly responseFormat?: { readonly type: string } | undefined;
  readonly tools?: readonly unknown[] | undefined;
  readonly toolChoice?: unknown;
  readonly includeRawChunks?: boolean | undefined;
  readonly abortSignal?: AbortSignal | undefined;
  readonly providerOptions?: Record<string, Record<string, unknown>> | undefined;
}

export type CallWarning =
  | { type: 'unsupported'; feature: string; details?: string }
  | { type: 'other'; message: string };

export interface Usage {
  inputTokens: { total: number; noCache: number; cacheRead: number; cacheWrite: undefined };
  outputTokens: { total: number; text: number; reasoning: number };
}

export interface FinishReason {
  unified: 'stop' | 'length' | 'error';
  raw: string | undefined;
}

export type StreamPart =
  | { type: 'stream-start'; warnings: CallWarning[] }
  | { type: 'response-metadata'; id: string; timestamp: Date; modelId: string }
  | { type: 'text-start'; id: string }
  | { type: 'text-delta'; id: string; delta: string }
  | { type: 'text-end'; id: string }
  | { type: 'error'; error: unknown }
  | { type: 'finish'; usage: Usage; finishReason: FinishReason; providerMetadata?: SharedV3ProviderMetadata };

export interface GenerateResult {
  content: { type: 'text'; text: string }[];
  finishReason: FinishReason;
  usage: Usage;
  providerMetadata?: SharedV3ProviderMetadata;
  response: { id: string; timestamp: Date; modelId: string };
  warnings: CallWarning[];
}
