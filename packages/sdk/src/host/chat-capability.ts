/** Implementation of `chat`: one turn through the model's chat template, reasoning told apart from the answer. */
import {
  type ChatMessage,
  contracts,
  type OutputOf,
  type ParsedInputOf,
  type ProgressOf,
  respelled,
  TriviumError,
} from '@trivium/protocol';
import { withoutTemplate } from '../provider/chat-settings.js';
import { fitTurns, tokensForAnswer } from '../provider/fit-turns.js';
import { TriviumLanguageModel } from '../provider/language-model.js';
import type { CallOptions, CallWarning, PromptMessage, StreamPart } from '../provider/specification.js';
import type { Host } from './host.js';
import { implementReporting } from './reporting-capability.js';

type ChatInput = ParsedInputOf<typeof contracts.chat>;
type ChatStep = ProgressOf<typeof contracts.chat>;
type ChatOutput = OutputOf<typeof contracts.chat>;
type Finish = Extract<StreamPart, { type: 'finish' }>;

/** Once turns must leave, so many leave that the next few answers find the rest of the prompt in the prefix cache. */
const shareKept = 0.75;

export const chat = implementReporting(contracts.chat, (input, { host, signal, report }) =>
  answer(input, host, signal, report),
);

async function answer(
  input: ChatInput,
  host: Host,
  signal: AbortSignal,
  report: (step: ChatStep) => void,
): Promise<ChatOutput> {
  const started = performance.now();
  const reference = host.languageModel(input.model);
  const {
    info: { contextTokens },
  } = await host.models.get(reference, 'language', { signal, onProgress: report });
  const model = new TriviumLanguageModel(reference, 'v4', host.models);
  const warnings: string[] = [];
  const isFirstTurn = input.messages.every(({ role }) => role !== 'assistant');
  const warn = (message: string) => {
    // Said once a conversation.
    if (message === withoutTemplate.message && !isFirstTurn) return;
    warnings.push(message);
    report({ type: 'warning', message });
  };
  const call = callOf(input, signal);
  const roomTokens = contextTokens - tokensForAnswer(contextTokens, input.maxTokens);
  const { messages, encoded, dropped } = await fitTurns(
    withSystem(input),
    async (kept) => ({ tokens: await model.encode(promptOf(kept), call) }),
    { roomTokens, shareKept, signal },
  );
  if (encoded.tokens.length > roomTokens) throw tooLong(encoded.tokens.length, roomTokens);
  if (dropped > 0) {
    const rest = `The conversation has outgrown the ${contextTokens} tokens of the context`;
    warn(`${rest}: its ${dropped} oldest messages are left out.`);
  }
  const { stream } = await model.doStream({ ...call, prompt: promptOf(messages) }).catch(failInInputNames);
  const { text, reasoning, finish } = await read(stream, report, warn);
  const { inputTokens, outputTokens } = finish.usage;
  return {
    text,
    ...(reasoning !== '' && { reasoning }),
    model: reference,
    finishReason: finish.finishReason.unified === 'length' ? 'length' : 'stop',
    usage: {
      inputTokens: inputTokens.total,
      cachedTokens: inputTokens.cacheRead ?? 0,
      outputTokens: outputTokens.total,
    },
    droppedMessages: dropped,
    warnings,
    ms: performance.now() - started,
  };
}

const tooLong = (tokens: number, roomTokens: number) =>
  new TriviumError('context-overflow', `The message has ${tokens} tokens; there is room for ${roomTokens}.`, {
    field: 'messages',
    expected: `at most ${roomTokens} tokens`,
    found: `${tokens} tokens`,
    remedy: 'Shorten it, lower maxTokens, or use a model with a longer context.',
  });

const withSystem = ({ system, messages }: ChatInput): ChatMessage[] =>
  system === undefined ? messages : [{ role: 'system', content: system }, ...messages];

const promptOf = (messages: readonly ChatMessage[]): PromptMessage[] =>
  messages.map(({ role, content }) => ({
    role,
    content: role === 'system' ? content : [{ type: 'text', text: content }],
  }));

function callOf(input: ChatInput, signal: AbortSignal): Omit<CallOptions, 'prompt'> {
  const { maxTokens, temperature, topK, topP, minP, seed, stop, thinking } = input;
  return {
    maxOutputTokens: maxTokens,
    temperature,
    topK,
    topP,
    seed,
    stopSequences: stop,
    abortSignal: signal,
    providerOptions: {
      trivium: {
        ...(minP !== undefined && { minP }),
        ...(thinking !== undefined && { enableThinking: thinking }),
      },
    },
  };
}

/** Names of a call that differ from those of the input. */
const inputNames: Record<string, string> = {
  prompt: 'messages',
  maxOutputTokens: 'maxTokens',
  stopSequences: 'stop',
};

function failInInputNames(thrown: unknown): never {
  throw TriviumError.isInstance(thrown) ? respelled(thrown, (field) => inputNames[field]) : thrown;
}

async function read(
  stream: ReadableStream<StreamPart>,
  report: (step: ChatStep) => void,
  warn: (message: string) => void,
): Promise<{ text: string; reasoning: string; finish: Finish }> {
  let [text, reasoning] = ['', ''];
  let finish: Finish | undefined;
  for await (const part of stream) {
    if (part.type === 'stream-start') for (const warning of part.warnings) warn(sentenceOf(warning));
    else if (part.type === 'text-delta') {
      text += part.delta;
      report({ type: 'text-delta', text: part.delta });
    } else if (part.type === 'reasoning-delta') {
      reasoning += part.delta;
      report({ type: 'reasoning-delta', text: part.delta });
    } else if (part.type === 'error') throw part.error;
    else if (part.type === 'finish') finish = part;
  }
  if (!finish) throw new Error('the model ended an answer without finishing it');
  return { text, reasoning, finish };
}

function sentenceOf(warning: CallWarning): string {
  if (warning.type === 'other') return warning.message;
  return [`${warning.feature} is not fully supported.`, warning.details].filter(Boolean).join(' ');
}
