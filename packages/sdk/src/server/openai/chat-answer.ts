/** A model's answer as a chat completion, whole or in chunks. Knows parts of the AI SDK and OpenAI's shapes, no HTTP. */
import { randomUUID } from 'node:crypto';
import type { AnyPart } from '../../provider/any-language-model.js';
import type { TokenLogprob } from '../../provider/token-logprobs.js';
import type { ChatChunk, ChatCompletion, ChatDelta, ChatLogprobs, ChatUsage } from './chat-schema.js';
import type { CallUsage, WholeAnswer } from './model-call.js';

/** What all chunks of an answer share. */
export interface AnswerHead {
  id: string;
  created: number;
  model: string;
}

export const answerHead = (model: string, prefix = 'chatcmpl-'): AnswerHead => ({
  id: `${prefix}${randomUUID().replaceAll('-', '')}`,
  created: Math.floor(Date.now() / 1000),
  model,
});

const finishReasons: Record<string, 'stop' | 'length' | 'tool_calls' | 'content_filter'> = {
  length: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
};
export const finishReasonOf = (unified: string) => finishReasons[unified] ?? 'stop';

export const chatUsageOf = ({ input, cached, output, reasoning }: CallUsage): ChatUsage => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
  prompt_tokens_details: { cached_tokens: cached },
  completion_tokens_details: { reasoning_tokens: reasoning },
});

export function chatLogprobsOf(logprobs: readonly TokenLogprob[]): ChatLogprobs | null {
  if (logprobs.length === 0) return null;
  return { content: logprobs.map(({ top, ...chosen }) => ({ ...chosen, top_logprobs: top })), refusal: null };
}

/** Calls that an answer may have; with `parallel_tool_calls: false` the first alone is passed on. */
export class CallLimit {
  readonly #max: number;
  readonly #seen = new Set<string>();
  readonly left: string[] = [];

  constructor(parallel: boolean | undefined) {
    this.#max = parallel === false ? 1 : Number.POSITIVE_INFINITY;
  }

  /** The index of a call, or nothing where it is left out. */
  indexOf(id: string, toolName: string): number | undefined {
    const at = [...this.#seen].indexOf(id);
    if (at >= 0) return at < this.#max ? at : undefined;
    this.#seen.add(id);
    if (this.#seen.size <= this.#max) return this.#seen.size - 1;
    this.left.push(toolName);
    return undefined;
  }

  /** Nothing is left out silently. */
  warnings(): string[] {
    if (this.left.length === 0) return [];
    return [`parallel_tool_calls is false: further calls were left out (${this.left.join(', ')}).`];
  }
}

export const extraOf = (warnings: readonly string[]) =>
  warnings.length > 0 ? { trivium: { warnings } } : {};

export function chatCompletionOf(
  head: AnswerHead,
  answer: WholeAnswer,
  parallel: boolean | undefined,
): ChatCompletion {
  const join = (type: string) =>
    answer.content
      .filter((part) => part.type === type)
      .map(({ text }) => text)
      .join('');
  const limit = new CallLimit(parallel);
  const calls = answer.content.filter(
    (part) => part.type === 'tool-call' && limit.indexOf(part.toolCallId, part.toolName) !== undefined,
  );
  const text = join('text');
  const reasoning = join('reasoning');
  const message = {
    role: 'assistant' as const,
    content: text === '' && calls.length > 0 ? null : text,
    refusal: null,
    annotations: [],
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(calls.length > 0 && { tool_calls: calls.map(toolCallOf) }),
  };
  return {
    ...headOf(head),
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message,
        logprobs: chatLogprobsOf(answer.logprobs),
        finish_reason: finishReasonOf(answer.finishReason),
      },
    ],
    usage: chatUsageOf(answer.usage),
    ...extraOf([...answer.warnings, ...limit.warnings()]),
  };
}

const headOf = ({ id, created, model }: AnswerHead) => ({ id, created, model });

/** A call without arguments is an empty object to clients, which read JSON. */
export const argumentsOf = ({ input }: AnyPart): string => (input as string) || '{}';

/** What of a call's whole arguments its pieces have not said. */
export const restOf = (whole: string, said: string): string =>
  whole.startsWith(said) ? whole.slice(said.length) : '';

const toolCallOf = (part: AnyPart) => ({
  id: part.toolCallId as string,
  type: 'function' as const,
  function: { name: part.toolName as string, arguments: argumentsOf(part) },
});

export interface ChunkFields {
  delta?: ChatDelta;
  logprobs?: ChatLogprobs | null;
  finish_reason?: 'stop' | 'length' | 'tool_calls' | 'content_filter' | null;
}

export function chunkOf(
  head: AnswerHead,
  { delta = {}, logprobs = null, finish_reason = null }: ChunkFields,
): ChatChunk {
  return {
    ...headOf(head),
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, logprobs, finish_reason }],
  };
}

/** The chunk without choices that `stream_options.include_usage` asks for. */
export const usageChunkOf = (head: AnswerHead, usage: ChatUsage): ChatChunk => ({
  ...headOf(head),
  object: 'chat.completion.chunk',
  choices: [],
  usage,
});

/** A call whose arguments come in pieces. */
interface GrowingCall {
  index: number;
  id: string;
  name: string;
  said: string;
  /** Characters that were passed on; nothing before its first chunk. */
  passed?: number;
  isWhole: boolean;
}

/** What parts add to the message. */
export class DeltaReader {
  readonly #limit: CallLimit;
  /** In the order in which they began. */
  readonly #calls = new Map<string, GrowingCall>();

  constructor(limit: CallLimit) {
    this.#limit = limit;
  }

  *read(part: AnyPart): Generator<ChatDelta> {
    switch (part.type) {
      case 'text-delta':
        yield { content: part.delta };
        break;
      case 'reasoning-delta':
        yield { reasoning_content: part.delta };
        break;
      case 'tool-input-start':
        this.#begin(part.id, part.toolName);
        break;
      case 'tool-input-delta':
        this.#grow(part.id, part.delta);
        break;
      case 'tool-call':
        this.#complete(part);
        break;
      default:
    }
    yield* this.#due();
  }

  /** What still waits for a call that will not be whole any more. */
  *finish(): Generator<ChatDelta> {
    for (const call of this.#calls.values()) call.isWhole = true;
    yield* this.#due();
  }

  #begin(id: string, name: string): void {
    const index = this.#limit.indexOf(id, name);
    if (index === undefined || this.#calls.has(id)) return;
    this.#calls.set(id, { index, id, name, said: '', isWhole: false });
  }

  #grow(id: string, piece: string): void {
    const call = this.#calls.get(id);
    if (call && !call.isWhole) call.said += piece;
  }

  #complete(part: AnyPart): void {
    this.#begin(part.toolCallId, part.toolName);
    const call = this.#calls.get(part.toolCallId);
    if (!call || call.isWhole) return;
    call.said += restOf(argumentsOf(part), call.said);
    call.isWhole = true;
  }

  /** Clients take a call for whole when the next one begins: pieces of later ones wait until it is. */
  *#due(): Generator<ChatDelta> {
    for (const call of this.#calls.values()) {
      const { index, id, name, said, passed } = call;
      call.passed = said.length;
      if (passed === undefined)
        yield { tool_calls: [{ index, id, type: 'function', function: { name, arguments: said } }] };
      else if (passed < said.length)
        yield { tool_calls: [{ index, function: { arguments: said.slice(passed) } }] };
      if (!call.isWhole) return;
    }
  }
}
