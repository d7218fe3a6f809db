/**
 * The extension of chat that writes a long text in stages. The last text of the last user message says what to write; the
 * texts and files before it are what it is written from; a single text is both source and, with the system's words, task.
 */
import { type ModelProgress, TriviumError, type WriteEvent } from '@trivium/protocol';
import { reporting } from '../../host/index.js';
import { languageModel } from '../../host/long-text-host.js';
import { createLongText, type StageOptions, type WrittenText } from '../../long-text/index.js';
import { eventStream } from '../event-stream.js';
import type { RouteCall } from '../route.js';
import type { ServedLanguageModel } from '../served-models.js';
import type { ServerContext } from '../server-context.js';
import { given, refuse, refuseFields, stopsOf } from './call-settings.js';
import { type AnswerHead, answerHead, chatUsageOf, chunkOf, usageChunkOf } from './chat-answer.js';
import type { ChatCompletion, ChatRequest } from './chat-schema.js';
import { withErrors } from './chunk-events.js';
import { readDataUrl, textOf } from './prompt.js';

export const isStaged = ({ summary_ratio, stages, stream_output, target_words }: ChatRequest) =>
  summary_ratio !== undefined || stages !== undefined || stream_output === true || target_words !== undefined;

/** What is told while a text is written: models on their way, then the stages. */
type WritingStep = ModelProgress | WriteEvent;

const defaultInstruction = 'Write a well-structured text from this source.';

export async function stagedChat(
  body: ChatRequest,
  call: RouteCall,
  context: ServerContext,
): Promise<Response> {
  refuseUnstaged(body);
  const source = sourceOf(body.messages);
  // Before the answer begins, so that a model which is not there has a status.
  const models = await modelsOf(body, context);
  const head = answerHead(models.main.id);
  const running = written(body, source, models, call.signal, context);
  if (body.stream === true || body.stream_output === true)
    return eventStream(call, withErrors(stagedChunks(head, running, body), call));
  let step = await running.next();
  while (!step.done) step = await running.next();
  return Response.json(completionOf(head, step.value));
}

type Stage = 'summary' | 'expand' | 'polish';
type Models = { main: ServedLanguageModel } & Partial<Record<Stage, ServedLanguageModel>>;

/** The models that are named, one for all and those of stages. @throws TriviumError as `ServedModels.language` does */
async function modelsOf({ model, stages = {} }: ChatRequest, { models }: ServerContext): Promise<Models> {
  const found: Models = { main: await models.language(model) };
  for (const stage of ['summary', 'expand', 'polish'] as const) {
    const { model: id } = stages[stage] || {};
    if (id !== undefined) found[stage] = await models.language(id);
  }
  return found;
}

/** The text as it comes to be: models are fetched and loaded, then the stages follow each other. */
function written(
  { stages = {}, summary_ratio: summaryRatio, target_words: targetWords, temperature }: ChatRequest,
  source: ReturnType<typeof sourceOf>,
  models: Models,
  signal: AbortSignal,
  { host }: ServerContext,
): AsyncGenerator<WritingStep, WrittenText, void> {
  return reporting<WritingStep, WrittenText>(signal, async (report, signal) => {
    const loaded = async ({ forUi, reference }: ServedLanguageModel) =>
      reference === undefined ? forUi : languageModel(reference, { host, signal, report });
    const stage = async (name: Stage) => {
      const { model: _, ...settings } = stages[name] || {};
      const model = models[name] && (await loaded(models[name]));
      return { ...given({ temperature, ...given(settings) }), ...(model && { model }) } as StageOptions;
    };
    const writing = createLongText({
      model: await loaded(models.main),
      embed: (texts, options) => host.embedSentences(texts, options?.signal),
    }).write({
      ...source,
      signal,
      ...given({ summaryRatio, targetWords }),
      stages: {
        summary: await stage('summary'),
        expand: await stage('expand'),
        polish: stages.polish === false ? false : await stage('polish'),
      },
    });
    for await (const event of writing.events) report(event);
    return writing.result;
  });
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

async function* stagedChunks(
  head: AnswerHead,
  running: AsyncGenerator<WritingStep, WrittenText, void>,
  { stream_output: withDrafts = true, stream_options: options }: ChatRequest,
): AsyncGenerator<object, void, void> {
  try {
    yield chunkOf(head, { delta: { role: 'assistant', content: '' } });
    let step = await running.next();
    for (; !step.done; step = await running.next()) {
      const { value: event } = step;
      if (event.type === 'finish' || (event.type === 'text-delta' && !withDrafts)) continue;
      yield { ...chunkOf(head, {}), trivium: { event } };
    }
    const { text, ...written } = step.value;
    // The text is final only now: its citations are numbered in the order in which they appear.
    yield chunkOf(head, { delta: { content: text } });
    yield { ...chunkOf(head, { finish_reason: 'stop' }), trivium: written };
    if (options?.include_usage) yield usageChunkOf(head, usageOf(written));
  } finally {
    await running.return(undefined as never).catch(() => {});
  }
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
