/**
 * The part of the AI SDK's model specification that we speak, as types. V3 (`ai` 6) and V4 (`ai` 7) differ in shapes we
 * never produce (files, citations on parts), so one set of narrow types is assignable to both; only the literal differs.
 * Source: the declarations of @ai-sdk/provider 3 and 4.
 */
import type { SharedV3ProviderMetadata } from '@ai-sdk/provider';

export type SpecificationVersion = 'v3' | 'v4';

/** Text, reasoning, a tool call or a tool result; what else there may be is refused by its type. */
export interface PromptPart {
  readonly type: string;
  readonly text?: string;
  readonly toolCallId?: string;
  readonly toolName?: string;
  readonly input?: unknown;
  readonly output?: unknown;
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
  readonly responseFormat?: { readonly type: string; readonly schema?: unknown } | undefined;
  readonly tools?: readonly unknown[] | undefined;
  readonly toolChoice?: unknown;
  readonly includeRawChunks?: boolean | undefined;
  readonly abortSignal?: AbortSignal | undefined;
  readonly providerOptions?: Record<string, Record<string, unknown>> | undefined;
}

export type CallWarning =
  | { type: 'unsupported'; feature: string; details?: string }
  | { type: 'compatibility'; feature: string; details?: string }
  | { type: 'other'; message: string };

export interface Usage {
  /** What of the input was cached is not known of an answer that ended before its generation did. */
  inputTokens: {
    total: number;
    noCache: number | undefined;
    cacheRead: number | undefined;
    cacheWrite: undefined;
  };
  outputTokens: { total: number; text: number; reasoning: number };
}

export interface FinishReason {
  unified: 'stop' | 'length' | 'tool-calls' | 'error';
  raw: string | undefined;
}

/** A call as the model wrote it: `input` is its text, JSON or not, so that `ai` can repair it. */
export interface ToolCall {
  type: 'tool-call';
  toolCallId: string;
  toolName: string;
  input: string;
}

export type StreamPart =
  | { type: 'stream-start'; warnings: CallWarning[] }
  | { type: 'response-metadata'; id: string; timestamp: Date; modelId: string }
  | { type: 'text-start'; id: string }
  | { type: 'text-delta'; id: string; delta: string }
  | { type: 'text-end'; id: string }
  | { type: 'reasoning-start'; id: string }
  | { type: 'reasoning-delta'; id: string; delta: string }
  | { type: 'reasoning-end'; id: string }
  | { type: 'tool-input-start'; id: string; toolName: string }
  | { type: 'tool-input-delta'; id: string; delta: string }
  | { type: 'tool-input-end'; id: string }
  | ToolCall
  | { type: 'error'; error: unknown }
  | { type: 'finish'; usage: Usage; finishReason: FinishReason; providerMetadata?: SharedV3ProviderMetadata };

export type ContentPart = { type: 'text'; text: string } | { type: 'reasoning'; text: string } | ToolCall;

export interface GenerateResult {
  content: ContentPart[];
  finishReason: FinishReason;
  usage: Usage;
  providerMetadata?: SharedV3ProviderMetadata;
  response: { id: string; timestamp: Date; modelId: string };
  warnings: CallWarning[];
}
