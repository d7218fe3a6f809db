/**
 * `POST /v1/completions`: a text goes on. The host's own models are given it as it is; a model of another provider, which
 * only speaks in messages, as a user's message.
 */
import { z } from 'zod';
import type { AnyPart } from '../../provider/any-language-model.js';
import type { LikelyToken, TokenLogprob } from '../../provider/token-logprobs.js';
import { eventStream } from '../event-stream.js';
import { type AnyRoute, route } from '../route.js';
import type { ServedLanguageModel } from '../served-models.js';
import type { ServerContext } from '../server-context.js';
import {
  given,
  optional,
  refuse,
  refuseFields,
  refuseOfOthers,
  samplingFields,
  samplingOf,
  stopField,
  stopsOf,
} from './call-settings.js';
import { type AnswerHead, answerHead, chatUsageOf, extraOf, finishReasonOf } from './chat-answer.js';
import { chatUsage, finishReason } from './chat-schema.js';
import { withErrors } from './chunk-events.js';
import { continuationWords, continueText } from './continue-text.js';
import { type CallUsage, generateStream, type StreamedAnswer } from './model-call.js';
import { textPart } from './prompt.js';

const request = z.looseObject({
  model: z.string().min(1).optional().describe("Default: the server's."),
  prompt: z
    .union([
      z.string(),
      z.array(z.string()).min(1).max(64),
      z.array(z.number().int()).min(1),
      z.array(z.array(z.number().int()).min(1)).min(1),
    ])
    .describe('A text, or several; tokens are refused.'),
  max_tokens: optional(z.number().int().min(1)).describe('Default 16.'),
  stream: optional(z.boolean()),
  stream_options: optional(z.object({ include_usage: z.boolean().optional() })),
  stop: stopField,
  logprobs: optional(z.number().int().min(0).max(20)),
  echo: optional(z.boolean()),
  n: optional(z.number().int()).describe('1; more are refused.'),
  ...samplingFields,
});
type Request = z.output<typeof request>;

const count = z.number().int();
const logprobs = z.object({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number()),
  top_logprobs: z.array(z.record(z.string(), z.number())),
  text_offset: z.array(count),
});
const completion = z.object({
  id: z.string(),
  object: z.literal('text_completion'),
  created: count,
  model: z.string(),
  choices: z.array(
    z.object({
      index: count,
      text: z.string(),
      logprobs: logprobs.nullable(),
      finish_reason: finishReason.nullable(),
    }),
  ),
  usage: chatUsage.nullable().optional(),
  trivium: z.looseObject({}).optional(),
});

export function completionsRoute(context: ServerContext): AnyRoute {
  return route({
    method: 'post',
    path: '/v1/completions',
    id: 'createCompletion',
    tag: 'OpenAI',
    summary: 'A text goes on',
    body: request,
    answers: {
      200: { description: 'What follows, whole or in chunks.', json: completion, events: completion },
    },
    isWork: true,
    handle: async (call) => {
      const { body, signal } = call;
      refuseFields(body, {
        n: (n: number) => n !== 1,
        best_of: (n: number) => n !== 1,
        echo: (echo: boolean) => echo,
        suffix: (text: string) => text !== '',
      });
      const prompts = typeof body.prompt === 'string' ? [body.prompt] : body.prompt;
      if (!prompts.every((one) => typeof one === 'string'))
        return refuse('prompt', 'Tokens are not taken, for ids differ from model to model.', 'Give text.');
      const model = await context.models.language(body.model);
      refuseOfOthers(body, model);
      const head = answerHead(model.id, 'cmpl-');
      const start = (prompt: string) => startOne(model, prompt, body, signal, context);
      if (body.stream === true) {
        // The first is begun at once, so that a failure has a status.
        const first = await start(prompts[0]!);
        return eventStream(call, withErrors(chunks(head, prompts, first, start, body), call));
      }
      return Response.json(await whole(head, prompts, start));
    },
  });
}

type Start = (prompt: string) => Promise<StreamedAnswer>;

function startOne(
  model: ServedLanguageModel,
  prompt: string,
  body: Request,
  abortSignal: AbortSignal,
  { host, metrics }: ServerContext,
): Promise<StreamedAnswer> {
  const maxTokens = body.max_tokens ?? 16;
  if (model.reference !== undefined)
    return continueText(
      { id: model.id, reference: model.reference, prompt, body, maxTokens, signal: abortSignal },
      host,
      metrics,
    );
  return generateStream(
    model,
    {
      prompt: [{ role: 'user', content: [textPart(prompt)] }],
      abortSignal,
      maxOutputTokens: maxTokens,
      ...samplingOf(body, given({ logprobs: body.logprobs })),
      ...given({ stopSequences: stopsOf(body.stop) }),
    },
    { metrics, words: continuationWords },
  );
}

const textIn = (part: AnyPart): string => (part.type === 'text-delta' ? (part.delta as string) : '');

async function whole(head: AnswerHead, prompts: readonly string[], start: Start) {
  const usage: CallUsage = { input: 0, cached: 0, output: 0, reasoning: 0 };
  const warnings: string[] = [];
  const choices = [];
  for (const [index, prompt] of prompts.entries()) {
    const answer = await start(prompt);
    let text = '';
    for await (const part of answer.parts) text += textIn(part);
    const end = answer.end()!;
    for (const key of ['input', 'cached', 'output', 'reasoning'] as const) usage[key] += end.usage[key];
    warnings.push(...answer.warnings);
    choices.push({
      index,
      text,
      logprobs: logprobsOf(end.logprobs),
      finish_reason: finishReasonOf(end.finishReason),
    });
  }
  return { ...head, object: 'text_completion', choices, usage: chatUsageOf(usage), ...extraOf(warnings) };
}

async function* chunks(
  head: AnswerHead,
  prompts: readonly string[],
  first: StreamedAnswer,
  start: Start,
  body: Request,
): AsyncGenerator<object, void, void> {
  const usage: CallUsage = { input: 0, cached: 0, output: 0, reasoning: 0 };
  const chunk = (index: number, fields: object) => ({
    ...head,
    object: 'text_completion',
    choices: [{ index, text: '', logprobs: null, finish_reason: null, ...fields }],
  });
  for (const [index, prompt] of prompts.entries()) {
    const answer = index === 0 ? first : await start(prompt);
    for await (const part of answer.parts) {
      const text = textIn(part);
      if (text !== '') yield chunk(index, { text });
    }
    const end = answer.end()!;
    for (const key of ['input', 'cached', 'output', 'reasoning'] as const) usage[key] += end.usage[key];
    yield {
      ...chunk(index, {
        logprobs: logprobsOf(end.logprobs),
        finish_reason: finishReasonOf(end.finishReason),
      }),
      ...extraOf(answer.warnings),
    };
  }
  if (body.stream_options?.include_usage)
    yield { ...head, object: 'text_completion', choices: [], usage: chatUsageOf(usage) };
}

/** OpenAI's older shape: columns, with the place of each token in the text. */
function logprobsOf(found: readonly TokenLogprob[]) {
  if (found.length === 0) return null;
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let text = 0;
  const offsets = found.map(({ bytes }) => {
    const offset = text;
    text += decoder.decode(Uint8Array.from(bytes), { stream: true }).length;
    return offset;
  });
  return {
    tokens: found.map(nameOf),
    token_logprobs: found.map(({ logprob }) => logprob),
    // Of tokens with the same name the likeliest stays.
    top_logprobs: found.map(({ top }) =>
      Object.fromEntries(top.toReversed().map((other) => [nameOf(other), other.logprob])),
    ),
    text_offset: offsets,
  };
}

/** There is no column for bytes: OpenAI's names of tokens that are parts of characters say them. */
const nameOf = ({ token, bytes }: LikelyToken): string =>
  token.includes('\uFFFD')
    ? `bytes:${bytes.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}`
    : token;
