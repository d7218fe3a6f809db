/** A model's answer as a chat completion, whole or in chunks. Knows parts of the AI SDK and OpenAI's shapes, no HTTP. */
import { randomUUID } from 'node:crypto';
import type { AnyPart } from '../../provider/any-language-model.js';
import type { ChatChunk, ChatCompletion, ChatDelta, ChatLogprobs, ChatUsage } from './chat-schema.js';
import type { CallUsage, TokenLogprob, WholeAnswer } from './model-call.js';

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

const encoder = new TextEncoder();
const logprobOf = ({ token, logprob }: { token: string; logprob: number }) => ({
  token,
  logprob,
  bytes: [...encoder.encode(token)],
});

export function chatLogprobsOf(logprobs: readonly TokenLogprob[]): ChatLogprobs | null {
  if (logprobs.length === 0) return null;
  const content = logprobs.map((one) => ({ ...logprobOf(one), top_logprobs: one.top.map(logprobOf) }));
  return { content, refusal: null };
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

const toolCallOf = ({ toolCallId, toolName, input }: AnyPart) => ({
  id: toolCallId as string,
  type: 'function' as const,
  function: { name: toolName as string, arguments: input as string },
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

/** What a part adds to the message; nothing where it adds nothing. */
export class DeltaReader {
  readonly #limit: CallLimit;
  /** Calls whose input came in pieces. */
  readonly #streamed = new Set<string>();

  constructor(limit: CallLimit) {
    this.#limit = limit;
  }

  read(part: AnyPart): ChatDelta | undefined {
    if (part.type === 'text-delta') return { content: part.delta as string };
    if (part.type === 'reasoning-delta') return { reasoning_content: part.delta as string };
    if (part.type === 'tool-input-start') {
      this.#streamed.add(part.id);
      return this.#call(part.id, part.toolName, {
        id: part.id,
        type: 'function',
        function: { name: part.toolName, arguments: '' },
      });
    }
    if (part.type === 'tool-input-delta')
      return this.#call(part.id, '', { function: { arguments: part.delta as string } });
    if (part.type !== 'tool-call' || this.#streamed.has(part.toolCallId)) return undefined;
    return this.#call(part.toolCallId, part.toolName, toolCallOf(part));
  }

  #call(id: string, toolName: string, call: object): ChatDelta | undefined {
    const index = this.#limit.indexOf(id, toolName);
    return index === undefined ? undefined : { tool_calls: [{ index, ...call } as never] };
  }
}
