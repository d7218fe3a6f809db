/**
 * A local model as an AI SDK language model, V3 or V4. Reads the call, renders and encodes the prompt, turns engine
 * events into stream parts. What it cannot do it says in warnings; it never cuts a prompt silently.
 */
import { randomUUID } from 'node:crypto';
import type { GenerateEvent, GenerateOptions, ModelKind, NativeModel } from '@trivium/native';
import { TriviumError } from '@trivium/protocol';
import type { ModelStore } from '../models/model-store.js';
import { samplingOf } from '../models/sampling.js';
import { answerGrammar, compileAnswer } from './answer-grammar.js';
import { AnswerReader } from './answer-reader.js';
import { inCallNames } from './call-names.js';
import { toChatMessages } from './chat-messages.js';
import { type ChatCall, type ChatSettings, readChatSettings } from './chat-settings.js';
import { encodeChat } from './chat-template.js';
import { encodeWithin } from './encode-within.js';
import { parseTriviumOptions, type TriviumLanguageModelOptions } from './options.js';
import { formatOfCalls, hasMarkup } from './output-format/formats.js';
import { contentOf } from './output-format/output-parts.js';
import { throwRetryable } from './retryable.js';
import type {
  CallOptions,
  CallWarning,
  GenerateResult,
  PromptMessage,
  SpecificationVersion,
  StreamPart,
} from './specification.js';

interface Prepared {
  model: NativeModel;
  request: GenerateOptions;
  answer: AnswerReader;
  warnings: CallWarning[];
}

/** What of a provider takes models that write no text. */
const makers: Record<Exclude<ModelKind, 'causal'>, string> = {
  encoder: 'embeddingModel',
  'static-embedding': 'embeddingModel',
  'cross-encoder': 'rerankingModel',
};

/** Where a language model gets the loaded model behind its id; a `ModelStore` is one. */
export type ModelSource = Pick<ModelStore, 'get'>;

export class TriviumLanguageModel<Version extends SpecificationVersion = SpecificationVersion> {
  readonly specificationVersion: Version;
  readonly provider = 'trivium.chat';
  readonly modelId: string;
  readonly supportedUrls: Record<string, RegExp[]> = {};
  // Private, but no #: `ai` 7 puts a Proxy around V3 models, and methods called on that cannot reach a #field.
  private readonly source: ModelSource;

  constructor(modelId: string, version: Version, source: ModelSource) {
    this.modelId = modelId;
    this.specificationVersion = version;
    this.source = source;
  }

  /**
   * The token ids that the model is shown: the prompt through its chat template, tools included; a text as it is.
   * @example await model.encode([{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }]);
   * @throws TriviumError as a call does
   */
  async encode(prompt: readonly PromptMessage[] | string, call: ChatCall = {}): Promise<Int32Array> {
    const model = await this.load();
    if (typeof prompt === 'string') return model.tokenizer.encode(prompt, { addSpecialTokens: false });
    const settings = readChatSettings(call, parseTriviumOptions(call.providerOptions?.trivium), model.info);
    return (await encodeChat(model, toChatMessages(prompt, settings), settings.variables)).tokens;
  }

  /**
   * Exact number of tokens the prompt takes, template and tools included.
   * @example await model.countTokens(prompt, { tools });
   * @throws TriviumError as a call does
   */
  async countTokens(prompt: readonly PromptMessage[] | string, call: ChatCall = {}): Promise<number> {
    return (await this.encode(prompt, call)).length;
  }

  /** Tokens that the context holds, prompt and answer together. @throws TriviumError as a call does */
  async contextTokens(signal?: AbortSignal): Promise<number> {
    return (await this.load(signal)).info.contextTokens;
  }

  /** Whether the prompt and `outputTokens` more fit the context. */
  async fits(
    prompt: readonly PromptMessage[] | string,
    outputTokens = 1,
    call: ChatCall = {},
  ): Promise<boolean> {
    return (await this.countTokens(prompt, call)) + outputTokens <= (await this.contextTokens());
  }

  async doGenerate(options: CallOptions): Promise<GenerateResult> {
    const { model, request, answer, warnings } = await this.prepare(options);
    const parts: StreamPart[] = [];
    for await (const event of retryable(model.generate(request))) {
      parts.push(...answer.read(event));
      if (answer.isOver) break;
    }
    const finish = parts.at(-1);
    if (finish?.type !== 'finish')
      throw new TriviumError('internal', 'The engine ended a generation without finishing it.');
    const { type: _, ...outcome } = finish;
    return {
      content: contentOf(parts),
      ...outcome,
      response: { id: randomUUID(), timestamp: new Date(), modelId: this.modelId },
      warnings,
    };
  }

  async doStream(options: CallOptions): Promise<{ stream: ReadableStream<StreamPart> }> {
    const prepared = await this.prepare(options);
    const generation = prepared.model.generate(prepared.request);
    const events = retryable(generation);
    // A failure before the first event is thrown, so that `ai` may retry the call.
    const first = await events.next();
    return { stream: toStream(prepared, this.modelId, { generation, first, events }) };
  }

  private async load(signal?: AbortSignal): Promise<NativeModel> {
    const model = await this.source.get(this.modelId, 'language', { signal });
    const { kind, architecture, path } = model.info;
    if (kind === 'causal') return model;
    throw new TriviumError('invalid-argument', `${this.modelId} is no language model.`, {
      field: 'model',
      file: path,
      found: `${architecture} (${kind})`,
      remedy: `Use it with ${makers[kind]}().`,
    });
  }

  private async prepare(options: CallOptions): Promise<Prepared> {
    options.abortSignal?.throwIfAborted();
    const extra = parseTriviumOptions(options.providerOptions?.trivium);
    const model = await this.load(options.abortSignal);
    const settings = readChatSettings(options, extra, model.info);
    const warnings = [...unsupportedSettings(options, extra), ...settings.warnings];
    const messages = toChatMessages(options.prompt, settings);
    const chat = await encodeWithin(model, messages, {
      variables: settings.variables,
      overflow: extra.overflow,
      maxOutputTokens: options.maxOutputTokens,
      signal: options.abortSignal,
    });
    if (chat.dropped > 0) {
      const message = `${chat.dropped} oldest messages were dropped to fit the context.`;
      warnings.push({ type: 'other', message });
    }
    options.abortSignal?.throwIfAborted();
    const request = toRequest(options, extra, chat.tokens, model, settings);
    const { specialTokens } = model.tokenizer;
    const grammar = answerGrammar(options, extra, settings, { promptText: chat.text, specialTokens });
    if (grammar) {
      // For its errors, before anything is streamed. The request takes the source: a model that was unloaded meanwhile
      // compiles it anew.
      await compileAnswer(model, grammar, options.abortSignal);
      request.grammar = grammar;
    }
    const answer = new AnswerReader(model, {
      settings,
      promptText: chat.text,
      inputTokens: chat.tokens.length,
      stop: stopsInEngine(settings) ? [] : stopsOf(options),
      isHeld: grammar !== undefined,
    });
    return { model, request, warnings, answer };
  }
}

function toRequest(
  options: CallOptions,
  extra: TriviumLanguageModelOptions,
  tokens: Int32Array,
  { info, tokenizer }: NativeModel,
  settings: ChatSettings,
): GenerateOptions {
  const room = info.contextTokens - tokens.length;
  const stopTokens = stopTokensOf(settings, { info, tokenizer });
  return {
    tokens,
    maxTokens: Math.min(options.maxOutputTokens ?? room, room),
    // The specification leaves the default to the provider: the model's own, else greedy, so that a run can be repeated.
    ...samplingOf(info, {
      temperature: options.temperature,
      topK: options.topK,
      topP: options.topP,
      minP: extra.minP,
      repeatPenalty: extra.repeatPenalty,
    }),
    ...(options.seed !== undefined && { seed: options.seed }),
    ...(options.presencePenalty !== undefined && { presencePenalty: options.presencePenalty }),
    ...(options.frequencyPenalty !== undefined && { frequencyPenalty: options.frequencyPenalty }),
    ...(stopsInEngine(settings) && { stop: stopsOf(options) }),
    ...(extra.logitBias !== undefined && { logitBias: extra.logitBias }),
    ...(extra.logprobs !== undefined && { logprobs: extra.logprobs }),
    ...(stopTokens && { stopTokens }),
    ...(options.abortSignal && { signal: options.abortSignal }),
  };
}

/** The engine cannot tell text from reasoning and calls: where there may be those, the answer's reader looks for stop sequences. */
const stopsInEngine = ({ format, toolNames }: ChatSettings) => !hasMarkup(format, toolNames);

/** An empty one asks for nothing. */
const stopsOf = ({ stopSequences = [] }: CallOptions) => stopSequences.filter((sequence) => sequence !== '');

/** Where an answer ends that is read by a format; `undefined`: where the model says. */
function stopTokensOf(
  { format, toolNames }: ChatSettings,
  { info, tokenizer }: Pick<NativeModel, 'info' | 'tokenizer'>,
): number[] | undefined {
  const calls = formatOfCalls(format, toolNames);
  if (!calls) return undefined;
  const idsOf = (tokens: readonly string[]) => tokens.flatMap((token) => tokenizer.idOf(token) ?? []);
  // Files call markers the end of a turn behind which their format goes on (Harmony's <|end|>).
  const inside = idsOf(calls.markers.filter((marker) => !calls.stopTokens.includes(marker)));
  return [...info.stopTokens.filter((id) => !inside.includes(id)), ...idsOf(calls.stopTokens)];
}

function unsupportedSettings(options: CallOptions, { grammar }: TriviumLanguageModelOptions): CallWarning[] {
  const warnings: CallWarning[] = [];
  const unsupported = (feature: string, details?: string) =>
    warnings.push({ type: 'unsupported', feature, ...(details !== undefined && { details }) });
  if (options.responseFormat?.type === 'json' && grammar === 'off')
    unsupported('responseFormat', 'The text is not constrained to JSON.');
  return warnings;
}

async function* retryable(
  generation: AsyncIterable<GenerateEvent>,
): AsyncGenerator<GenerateEvent, void, void> {
  try {
    yield* generation;
  } catch (error) {
    throwRetryable(inCallNames(error));
  }
}

interface Running {
  generation: AsyncIterator<GenerateEvent>;
  /** The first of its events, and those that follow. */
  first: IteratorResult<GenerateEvent, void>;
  events: AsyncIterator<GenerateEvent, void>;
}

function toStream(
  { answer, warnings }: Prepared,
  modelId: string,
  { generation, first, events }: Running,
): ReadableStream<StreamPart> {
  let next: IteratorResult<GenerateEvent, void> | undefined = first;
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
          const parts = answer.read(step.value);
          for (const part of parts) controller.enqueue(part);
          if (answer.isOver) {
            controller.close();
            await generation.return?.();
          }
          if (parts.length > 0) return;
        }
      } catch (error) {
        for (const part of answer.fail(error)) controller.enqueue(part);
        controller.close();
      }
    },
    // `ai` 7 cancels the stream, `ai` 6 aborts the signal: both end the request in the engine, and at once. The generator
    // around the generation would end it only behind the event that is waited for.
    async cancel() {
      await generation.return?.();
    },
  });
}
