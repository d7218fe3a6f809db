/**
 * A local model as an AI SDK language model, V3 or V4. Reads the call, renders and encodes the prompt, turns engine
 * events into stream parts. What it cannot do it says in warnings; it never cuts a prompt silently.
 */
import { randomUUID } from 'node:crypto';
import { APICallError } from '@ai-sdk/provider';
import type { GenerateEvent, GenerateOptions, GenerateUsage, NativeModel } from '@trivium/native';
import { TriviumError } from '@trivium/protocol';
import type { ModelStore } from '../models/model-store.js';
import { type ChatMessage, encodeChat, toChatMessages } from './chat-template.js';
import { parseTriviumOptions, type TriviumLanguageModelOptions } from './options.js';
import type {
  CallOptions,
  CallWarning,
  FinishReason,
  GenerateResult,
  PromptMessage,
  SpecificationVersion,
  StreamPart,
  Usage,
} from './specification.js';

interface Prepared {
  model: NativeModel;
  request: GenerateOptions;
  warnings: CallWarning[];
}

interface TokenLogprob {
  token: string;
  logprob: number;
  top: { token: string; logprob: number }[];
}

export class TriviumLanguageModel<Version extends SpecificationVersion = SpecificationVersion> {
  readonly specificationVersion: Version;
  readonly provider = 'trivium.chat';
  readonly modelId: string;
  readonly supportedUrls: Record<string, RegExp[]> = {};
  // Private, but no #: `ai` 7 puts a Proxy around V3 models, and methods called on that cannot reach a #field.
  private readonly store: ModelStore;

  constructor(modelId: string, version: Version, store: ModelStore) {
    this.modelId = modelId;
    this.specificationVersion = version;
    this.store = store;
  }

  /** Exact number of tokens the prompt takes, template included. */
  async countTokens(prompt: readonly PromptMessage[] | string): Promise<number> {
    const model = await this.load();
    if (typeof prompt === 'string')
      return (await model.tokenizer.encode(prompt, { addSpecialTokens: false })).length;
    return (await encodeChat(model, toChatMessages(prompt))).length;
  }

  /** Whether the prompt and `outputTokens` more fit the context. */
  async fits(prompt: readonly PromptMessage[] | string, outputTokens = 1): Promise<boolean> {
    const model = await this.load();
    return (await this.countTokens(prompt)) + outputTokens <= model.info.contextTokens;
  }

  async doGenerate(options: CallOptions): Promise<GenerateResult> {
    const { model, request, warnings } = await this.prepare(options);
    let text = '';
    const logprobs: TokenLogprob[] = [];
    for await (const event of retryable(model.generate(request))) {
      if (event.type === 'token') {
        text += event.text;
        collectLogprob(model, event, logprobs);
      }
      if (event.type === 'finish') {
        return {
          content: text === '' ? [] : [{ type: 'text', text }],
          finishReason: finishReason(event),
          usage: usageOf(event.usage),
          providerMetadata: metadata(event.usage, logprobs),
          response: { id: randomUUID(), timestamp: new Date(), modelId: this.modelId },
          warnings,
        };
      }
    }
    throw new TriviumError('internal', 'The engine ended a generation without finishing it.');
  }

  async doStream(options: CallOptions): Promise<{ stream: ReadableStream<StreamPart> }> {
    const { model, request, warnings } = await this.prepare(options);
    const events = retryable(model.generate(request));
    // A failure before the first event is thrown, so that `ai` may retry the call.
    const first = await events.next();
    return { stream: toStream(model, this.modelId, warnings, first, events) };
  }

  private load(signal?: AbortSignal): Promise<NativeModel> {
    return this.store.get(this.modelId, 'language', { signal });
  }

  private async prepare(options: CallOptions): Promise<Prepared> {
    options.abortSignal?.throwIfAborted();
    const extra = parseTriviumOptions(options.providerOptions?.trivium);
    const warnings = unsupportedSettings(options);
    const model = await this.load();
    if (model.info.kind !== 'causal') {
      throw new TriviumError('invalid-argument', `${this.modelId} is no language model.`, {
        field: 'model',
        file: model.info.path,
        found: `${model.info.architecture} (${model.info.kind})`,
        remedy: 'Use it with embeddingModel().',
      });
    }
    const tokens = await encodeWithin(model, toChatMessages(options.prompt), extra, warnings);
    options.abortSignal?.throwIfAborted();
    const room = model.info.contextTokens - tokens.length;
    return { model, warnings, request: toRequest(options, extra, tokens, room) };
  }
}

function toRequest(
  options: CallOptions,
  extra: TriviumLanguageModelOptions,
  tokens: Int32Array,
  room: number,
): GenerateOptions {
  return {
    tokens,
    maxTokens: Math.min(options.maxOutputTokens ?? room, room),
    // The specification leaves the default to the provider: greedy, so that a run can be repeated.
    temperature: options.temperature ?? 0,
    ...(options.topK !== undefined && { topK: options.topK }),
    ...(options.topP !== undefined && { topP: options.topP }),
    ...(options.seed !== undefined && { seed: options.seed }),
    ...(options.presencePenalty !== undefined && { presencePenalty: options.presencePenalty }),
    ...(options.frequencyPenalty !== undefined && { frequencyPenalty: options.frequencyPenalty }),
    ...(options.stopSequences && { stop: options.stopSequences }),
    ...(extra.repeatPenalty !== undefined && { repeatPenalty: extra.repeatPenalty }),
    ...(extra.logitBias !== undefined && { logitBias: extra.logitBias }),
    ...(extra.minP !== undefined && { minP: extra.minP }),
    ...(extra.logprobs !== undefined && { logprobs: extra.logprobs }),
    ...(options.abortSignal && { signal: options.abortSignal }),
  };
}

/** Encodes the chat under the declared overflow policy; at least one token must be left to write. */
async function encodeWithin(
  model: NativeModel,
  messages: ChatMessage[],
  extra: TriviumLanguageModelOptions,
  warnings: CallWarning[],
): Promise<Int32Array> {
  const variables = extra.enableThinking === undefined ? {} : { enable_thinking: extra.enableThinking };
  let kept = messages;
  for (;;) {
    const tokens = await encodeChat(model, kept, variables);
    if (tokens.length < model.info.contextTokens) {
      const dropped = messages.length - kept.length;
      if (dropped > 0) {
        warnings.push({
          type: 'other',
          message: `${dropped} oldest messages were dropped to fit the context.`,
        });
      }
      return tokens;
    }
    const oldest = kept.findIndex(({ role }) => role !== 'system');
    if (extra.overflow !== 'drop-oldest' || oldest < 0 || oldest === kept.length - 1) {
      throw new TriviumError(
        'context-overflow',
        `The prompt has ${tokens.length} tokens; the context holds ${model.info.contextTokens}, one of them for the answer.`,
        {
          field: 'prompt',
          expected: `fewer than ${model.info.contextTokens} tokens`,
          found: `${tokens.length} tokens`,
          remedy: "Shorten it, load the model with more contextTokens, or set overflow: 'drop-oldest'.",
        },
      );
    }
    kept = kept.toSpliced(oldest, 1);
  }
}

function unsupportedSettings(options: CallOptions): CallWarning[] {
  const warnings: CallWarning[] = [];
  const unsupported = (feature: string, details?: string) =>
    warnings.push({ type: 'unsupported', feature, ...(details !== undefined && { details }) });
  if (options.tools?.length) unsupported('tools', 'This version does not call tools.');
  if (options.responseFormat?.type === 'json')
    unsupported('responseFormat', 'The text is not constrained to JSON.');
  if (options.reasoning && options.reasoning !== 'provider-default' && options.reasoning !== 'none')
    unsupported('reasoning');
  return warnings;
}

/** A full queue becomes the AI SDK's retryable error; everything else passes. */
async function* retryable(
  events: AsyncIterableIterator<GenerateEvent>,
): AsyncGenerator<GenerateEvent, void, void> {
  try {
    yield* events;
  } catch (error) {
    if (!TriviumError.isInstance(error) || error.code !== 'busy') throw error;
    throw new APICallError({
      message: error.message,
      url: 'trivium:engine',
      requestBodyValues: {},
      statusCode: 429,
      isRetryable: true,
      cause: error,
    });
  }
}

function toStream(
  model: NativeModel,
  modelId: string,
  warnings: CallWarning[],
  first: IteratorResult<GenerateEvent, void>,
  events: AsyncGenerator<GenerateEvent, void, void>,
): ReadableStream<StreamPart> {
  const id = 'text-0';
  const logprobs: TokenLogprob[] = [];
  let next: IteratorResult<GenerateEvent, void> | undefined = first;
  let open = false;
  const enqueue = (controller: ReadableStreamDefaultController<StreamPart>, event: GenerateEvent) => {
    if (event.type === 'token') {
      collectLogprob(model, event, logprobs);
      if (event.text === '') return false;
      if (!open) controller.enqueue({ type: 'text-start', id });
      open = true;
      controller.enqueue({ type: 'text-delta', id, delta: event.text });
      return true;
    }
    if (event.type !== 'finish') return false;
    if (open) controller.enqueue({ type: 'text-end', id });
    controller.enqueue({
      type: 'finish',
      finishReason: finishReason(event),
      usage: usageOf(event.usage),
      providerMetadata: metadata(event.usage, logprobs),
    });
    return true;
  };
  return new ReadableStream<StreamPart>({
    start(controller) {
      controller.enqueue({ type: 'stream-start', warnings });
      controller.enqueue({ type: 'response-metadata', id: randomUUID(), timestamp: new Date(), modelId });
    },
    async pull(controller) {
      try {
        for (;;) {
          const step: IteratorResult<GenerateEvent, void> = next ?? (await events.next());
          next = undefined;
          if (step.done) return controller.close();
          if (enqueue(controller, step.value)) return;
        }
      } catch (error) {
        if (open) controller.enqueue({ type: 'text-end', id });
        controller.enqueue({ type: 'error', error });
        controller.enqueue({
          type: 'finish',
          finishReason: { unified: 'error', raw: undefined },
          usage: usageOf(undefined),
        });
        controller.close();
      }
    },
    // `ai` 7 cancels the stream, `ai` 6 aborts the signal: both end the request in the engine.
    async cancel() {
      await events.return();
    },
  });
}

function collectLogprob(model: NativeModel, event: GenerateEvent, into: TokenLogprob[]): void {
  if (event.type !== 'token' || event.logprob === undefined) return;
  const text = (token: number) => model.tokenizer.decode([token], { skipSpecialTokens: false });
  into.push({
    token: text(event.id),
    logprob: event.logprob,
    top: (event.topLogprobs ?? []).map(({ id, logprob }) => ({ token: text(id), logprob })),
  });
}

function finishReason(event: Extract<GenerateEvent, { type: 'finish' }>): FinishReason {
  return { unified: event.reason, raw: event.stopMatch ?? event.reason };
}

function usageOf(usage: GenerateUsage | undefined): Usage {
  const { inputTokens = 0, cachedTokens = 0, outputTokens = 0 } = usage ?? {};
  return {
    inputTokens: {
      total: inputTokens,
      noCache: inputTokens - cachedTokens,
      cacheRead: cachedTokens,
      cacheWrite: undefined,
    },
    outputTokens: { total: outputTokens, text: outputTokens, reasoning: 0 },
  };
}

function metadata({ queueMs, prefillMs, decodeMs }: GenerateUsage, logprobs: TokenLogprob[]) {
  return {
    trivium: {
      queueMs,
      prefillMs,
      decodeMs,
      ...(logprobs.length > 0 && {
        logprobs: logprobs.map(({ top, ...chosen }) => ({
          ...chosen,
          top: top.map((other) => ({ ...other })),
        })),
      }),
    },
  };
}
