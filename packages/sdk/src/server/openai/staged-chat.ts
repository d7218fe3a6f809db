/**
 * The extension of chat that writes a long text in stages. The last text of the last user message says what to write; the
 * texts and files before it are what it is written from; a single text is both source and, with the system's words, task.
 */
import { TriviumError, type WriteEvent } from '@trivium/protocol';
import type { LanguageModel } from 'ai';
import { languageModel } from '../../host/long-text-host.js';
import { createLongText, type StageOptions, type WrittenText } from '../../long-text/index.js';
import { eventStream } from '../event-stream.js';
import type { RouteCall } from '../route.js';
import type { ServerContext } from '../server-context.js';
import { given, refuse, refuseFields, stopsOf } from './call-settings.js';
import { type AnswerHead, answerHead, chatUsageOf, chunkOf, usageChunkOf } from './chat-answer.js';
import type { ChatCompletion, ChatRequest } from './chat-schema.js';
import { withErrors } from './chunk-events.js';
import { readDataUrl, textOf } from './prompt.js';

export const isStaged = ({ summary_ratio, stages, stream_output, target_words }: ChatRequest) =>
  summary_ratio !== undefined ||
  stages !== undefined ||
  stream_output !== undefined ||
  target_words !== undefined;

const defaultInstruction = 'Write a well-structured text from this source.';

export async function stagedChat(
  body: ChatRequest,
  call: RouteCall,
  context: ServerContext,
): Promise<Response> {
  refuseUnstaged(body);
  const { text, instruction } = sourceOf(body.messages);
  const head = answerHead((await context.models.language(body.model)).id);
  const model = await modelOf(body.model, call.signal, context);
  const { stages = {}, summary_ratio: ratio, target_words: targetWords, temperature } = body;
  const stage = async ({ model: id, ...rest }: { model?: string | undefined } = {}) =>
    ({
      ...given({ temperature, ...given(rest) }),
      ...(id !== undefined && (await modelOf(id, call.signal, context))),
    }) as StageOptions;
  const { summary, expand, polish } = stages;
  const writing = createLongText({
    ...model,
    embed: (texts, options) => context.host.embedSentences(texts, options?.signal),
  }).write({
    instruction,
    text,
    signal: call.signal,
    ...given({ summaryRatio: ratio, targetWords }),
    stages: {
      summary: await stage(summary),
      expand: await stage(expand),
      polish: polish === false ? polish : await stage(polish),
    },
  });
  if (body.stream === true || body.stream_output === true) {
    const chunks = stagedChunks(head, writing.events, writing.result, body);
    return eventStream(call, withErrors(chunks, call));
  }
  return Response.json(completionOf(head, await writing.result));
}

/** What the stages cannot follow; a value that changes nothing is let pass. @throws TriviumError `unsupported` */
function refuseUnstaged(body: ChatRequest): void {
  const isOther = (neutral: number) => (value: number) => value !== neutral;
  refuseFields(
    body,
    {
      tools: (tools: unknown[]) => tools.length > 0,
      tool_choice: (choice: unknown) => choice !== 'none' && choice !== 'auto',
      response_format: ({ type }: { type: string }) => type !== 'text',
      logprobs: (logprobs: boolean) => logprobs,
      top_logprobs: () => true,
      max_tokens: () => true,
      max_completion_tokens: () => true,
      stop: (stop: string | string[]) => stopsOf(stop) !== undefined,
      reasoning_effort: () => true,
      seed: () => true,
      top_p: isOther(1),
      top_k: isOther(0),
      min_p: isOther(0),
      presence_penalty: isOther(0),
      frequency_penalty: isOther(0),
      repetition_penalty: isOther(1),
      logit_bias: (bias: object) => Object.keys(bias).length > 0,
    },
    { where: ' with staged writing', remedy: 'Leave it out, or leave the stages out.' },
  );
}

/** A model by its id, with what its context holds where it is the host's own. */
async function modelOf(id: string | undefined, signal: AbortSignal, { models, host }: ServerContext) {
  const { forUi, reference } = await models.language(id);
  if (reference !== undefined) return languageModel(reference, { host, signal, report: undefined });
  return { model: forUi as LanguageModel };
}

async function* stagedChunks(
  head: AnswerHead,
  events: AsyncIterable<WriteEvent>,
  result: Promise<WrittenText>,
  { stream_output: withDrafts = true, stream_options: options }: ChatRequest,
): AsyncGenerator<object, void, void> {
  yield chunkOf(head, { delta: { role: 'assistant', content: '' } });
  for await (const event of events) {
    if (event.type === 'finish' || (event.type === 'text-delta' && !withDrafts)) continue;
    yield { ...chunkOf(head, {}), trivium: { event } };
  }
  const { text, ...written } = await result;
  // The text is final only now: its citations are numbered in the order in which they appear.
  yield chunkOf(head, { delta: { content: text } });
  yield { ...chunkOf(head, { finish_reason: 'stop' }), trivium: written };
  if (options?.include_usage) yield usageChunkOf(head, usageOf(written));
}

const usageOf = ({ usage: { inputTokens, cachedTokens, outputTokens } }: Pick<WrittenText, 'usage'>) =>
  chatUsageOf({ input: inputTokens, cached: cachedTokens, output: outputTokens, reasoning: 0 });

function completionOf(head: AnswerHead, { text, ...written }: WrittenText): ChatCompletion {
  return {
    ...head,
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text, refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: usageOf(written),
    trivium: { ...written },
  };
}

/** @throws TriviumError `invalid-argument` where there is nothing to write from */
function sourceOf(messages: ChatRequest['messages']): { text: string; instruction: string } {
  const system = messages.flatMap((one) =>
    one.role === 'system' || one.role === 'developer' ? [textOf(one.content)] : [],
  );
  const texts: { text: string; isFile: boolean }[] = messages.flatMap((one, index) => {
    if (one.role !== 'user') return [];
    if (typeof one.content === 'string') return [{ text: one.content, isFile: false }];
    return one.content.map((part) =>
      part.type === 'text'
        ? { text: part.text, isFile: false }
        : { text: fileText(part, index), isFile: true },
    );
  });
  const asked = texts.findLastIndex(({ isFile }) => !isFile);
  const sources = texts.filter((_, index) => index !== asked).map(({ text }) => text);
  const last = asked < 0 ? undefined : texts[asked]!.text;
  if (sources.length > 0)
    return {
      text: sources.join('\n\n'),
      instruction: [...system, last].filter(Boolean).join('\n') || defaultInstruction,
    };
  if (last?.trim()) return { text: last, instruction: system.join('\n') || defaultInstruction };
  throw new TriviumError('invalid-argument', 'There is no text to write from.', {
    field: 'messages',
    remedy: 'Give the source in user messages, and what to write in the last one.',
  });
}

type FilePart = Exclude<
  Extract<ChatRequest['messages'][number], { role: 'user' }>['content'],
  string
>[number];

function fileText(part: FilePart, index: number): string {
  const field = `messages.${index}.content`;
  if (part.type !== 'file' || part.file.file_data === undefined)
    return refuse(
      field,
      `Staged writing reads text, no ${part.type}.`,
      'Give text, or a file of text as a data URL.',
    );
  const { mediaType, base64 } = readDataUrl(part.file.file_data, field);
  if (!mediaType.startsWith('text/'))
    return refuse(
      field,
      `Staged writing reads files of text, not ${mediaType}.`,
      'Give its text.',
      mediaType,
    );
  return Buffer.from(base64, 'base64').toString('utf8');
}
