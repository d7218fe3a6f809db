/**
 * The AI SDK's UI message stream of an answer, made by `ai` itself (6 or 7). Only chunks that clients of both
 * versions know are passed on: one that a client does not know ends its stream.
 */
import { randomUUID } from 'node:crypto';
import { type TriviumDataPart, type TriviumDataParts, TriviumError } from '@trivium/protocol';
import { failedAnswer } from '../../provider/failed-answer.js';
import { doneFrame, frameOf } from '../event-stream.js';
import { warningSentences } from '../model-warnings.js';
import type { RouteCall } from '../route.js';
import type { ServedLanguageModel } from '../served-models.js';
import { AnswerMeter } from './answer-meter.js';
import type { UiChatRequest } from './chat-schema.js';

/** Chunks that `ai` 6 and 7 share; `data-*` beside them. */
const sharedChunks = new Set([
  'start',
  'start-step',
  'finish-step',
  'text-start',
  'text-delta',
  'text-end',
  'reasoning-start',
  'reasoning-delta',
  'reasoning-end',
  'tool-input-start',
  'tool-input-delta',
  'tool-input-available',
  'tool-input-error',
  'tool-output-available',
  'tool-output-error',
  'tool-output-denied',
  'tool-approval-request',
  'source-url',
  'source-document',
  'file',
  'message-metadata',
  'error',
  'abort',
  'finish',
]);

type Ai = typeof import('ai');
type ToolSet = import('ai').ToolSet;

type UiMessages = Parameters<Ai['convertToModelMessages']>[0];
type Prompt = Awaited<ReturnType<Ai['convertToModelMessages']>>;

/** @throws TriviumError `invalid-argument` for what are no messages, `unsupported` for files to be fetched */
export async function promptOf(ai: Ai, messages: UiChatRequest['messages']): Promise<Prompt> {
  for (const [index, { parts }] of messages.entries()) {
    for (const { type, url } of parts) {
      if (type !== 'file' || (typeof url === 'string' && url.startsWith('data:'))) continue;
      throw new TriviumError('unsupported', 'This server fetches nothing for its callers.', {
        field: `messages.${index}.parts`,
        expected: 'a data URL',
        found: String(url).slice(0, 40),
        remedy: 'Send the bytes of the file as a data URL.',
      });
    }
  }
  try {
    return await ai.convertToModelMessages((await ai.validateUIMessages({ messages })) as UiMessages);
  } catch (cause) {
    if (TriviumError.isInstance(cause)) throw cause;
    throw new TriviumError('invalid-argument', 'The messages are not UI messages of the AI SDK.', {
      field: 'messages',
      remedy: 'Send messages as useChat does: { id, role, parts: [{ type: "text", text }] }.',
      cause,
    });
  }
}

interface UiAnswer {
  model: ServedLanguageModel;
  prompt: Prompt;
  body: UiChatRequest;
  failure: RouteCall['failure'];
  onTokens: (input: number | undefined, output: number | undefined) => void;
}

/** The frames of an answer; always ends with `[DONE]`. */
export async function* uiFrames(
  ai: Ai,
  { model, prompt, body, failure, onTokens }: UiAnswer,
  abortSignal: AbortSignal,
): AsyncGenerator<string, void, void> {
  const { system, temperature, topP, maxOutputTokens, seed, tools } = body;
  const sentence = (error: unknown) => failure(error).message;
  const meter = new AnswerMeter(model.id);
  try {
    const result = ai.streamText({
      model: model.forUi as never,
      messages: system === undefined ? prompt : [{ role: 'system', content: system }, ...prompt],
      // The caller's own page and server speak here, and OpenAI's interface lets them say the same.
      allowSystemInMessages: true,
      abortSignal,
      onError: () => {},
      ...(temperature !== undefined && { temperature }),
      ...(topP !== undefined && { topP }),
      ...(maxOutputTokens !== undefined && { maxOutputTokens }),
      ...(seed !== undefined && { seed }),
      ...(tools && { tools: toolsOf(ai, tools) }),
    });
    const chunks = result.toUIMessageStream({
      originalMessages: body.messages as UiMessages as never,
      generateMessageId: () => `msg_${randomUUID().replaceAll('-', '')}`,
      onError: sentence,
    });
    let isFailed = false;
    for await (const chunk of chunks as AsyncIterable<{ type: string; finishReason?: string }>) {
      meter.see(chunk.type);
      isFailed ||= chunk.type === 'error';
      if (chunk.type === 'finish' && !abortSignal.aborted) {
        // The last parts before the end: clients take none behind it.
        for (const [index, message] of warningSentences(await result.warnings).entries())
          yield frameOf({ data: JSON.stringify(warningPart(index + 1, { message })) });
        const usage = await result.totalUsage;
        onTokens(usage.inputTokens, usage.outputTokens);
        yield frameOf({ data: JSON.stringify(meter.part(usage)) });
        // Clients heed no reason: without an error before it this end is that of a whole answer.
        if (chunk.finishReason === 'error' && !isFailed) yield errorFrame(sentence(failedAnswer()));
      }
      if (sharedChunks.has(chunk.type) || chunk.type.startsWith('data-'))
        yield frameOf({ data: JSON.stringify(chunk) });
    }
  } catch (error) {
    yield errorFrame(sentence(error));
  }
  yield doneFrame;
}

/** @param number from 1, of all in the answer: parts of one id replace each other */
export const warningPart = (number: number, data: TriviumDataParts['trivium-warning']): TriviumDataPart => ({
  type: 'data-trivium-warning',
  id: `warning-${number}`,
  data,
});

export const errorFrame = (errorText: string) =>
  frameOf({ data: JSON.stringify({ type: 'error', errorText }) });

/** Tools that the page runs: the model calls them, the page answers. */
function toolsOf(ai: Ai, tools: NonNullable<UiChatRequest['tools']>): ToolSet {
  return Object.fromEntries(
    Object.entries(tools).map(([name, { description, inputSchema }]) => [
      name,
      ai.tool({ ...(description !== undefined && { description }), inputSchema: ai.jsonSchema(inputSchema) }),
    ]),
  ) as ToolSet;
}
