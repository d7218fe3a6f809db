/** `POST /v1/chat/completions`: a conversation, its next answer; with the extensions of stages, a long text. */
import { eventStream } from '../event-stream.js';
import { type AnyRoute, route } from '../route.js';
import type { ServerContext } from '../server-context.js';
import { refuseOfOthers } from './call-settings.js';
import {
  type AnswerHead,
  answerHead,
  CallLimit,
  chatCompletionOf,
  chatLogprobsOf,
  chatUsageOf,
  chunkOf,
  DeltaReader,
  extraOf,
  finishReasonOf,
  usageChunkOf,
} from './chat-answer.js';
import { chatCallOf, chatWords, refuseInChat } from './chat-call.js';
import { type ChatRequest, chatChunk, chatCompletion, chatRequest } from './chat-schema.js';
import { withErrors } from './chunk-events.js';
import { generateStream, generateWhole, type StreamedAnswer } from './model-call.js';
import { isStaged, stagedChat } from './staged-chat.js';

export function chatRoute(context: ServerContext): AnyRoute {
  return route({
    method: 'post',
    path: '/v1/chat/completions',
    id: 'createChatCompletion',
    tag: 'OpenAI',
    summary: 'The next answer in a conversation',
    description:
      "OpenAI's chat completions: streaming, tools, structured output, log-probabilities. `summary_ratio`, `stages` and `stream_output` write a long text in stages from what the user gave.",
    body: chatRequest,
    answers: {
      200: {
        description: 'The answer, whole, or in chunks with `stream`.',
        json: chatCompletion,
        events: chatChunk,
      },
    },
    isWork: true,
    handle: async (call) => {
      const { body } = call;
      refuseInChat(body);
      if (isStaged(body)) return stagedChat(body, call, context);
      const options = chatCallOf(body, call.signal);
      const model = await context.models.language(body.model);
      refuseOfOthers(body, model);
      const head = answerHead(model.id);
      const { metrics } = context;
      if (body.stream !== true) {
        const whole = await generateWhole(model, options, { metrics, words: chatWords });
        return Response.json(chatCompletionOf(head, whole, body.parallel_tool_calls));
      }
      const answer = await generateStream(model, options, { metrics, words: chatWords });
      return eventStream(call, withErrors(chunks(head, answer, body), call));
    },
  });
}

async function* chunks(
  head: AnswerHead,
  answer: StreamedAnswer,
  body: ChatRequest,
): AsyncGenerator<object, void, void> {
  const limit = new CallLimit(body.parallel_tool_calls);
  const reader = new DeltaReader(limit);
  yield chunkOf(head, { delta: { role: 'assistant', content: '' } });
  for await (const part of answer.parts)
    for (const delta of reader.read(part)) yield chunkOf(head, { delta });
  for (const delta of reader.finish()) yield chunkOf(head, { delta });
  const end = answer.end()!;
  const logprobs = chatLogprobsOf(end.logprobs);
  // Ours come with the end: a piece of text may hold several tokens, or none.
  if (logprobs) yield chunkOf(head, { delta: { content: '' }, logprobs });
  yield {
    ...chunkOf(head, { finish_reason: finishReasonOf(end.finishReason) }),
    ...extraOf([...answer.warnings, ...limit.warnings()]),
  };
  if (body.stream_options?.include_usage) yield usageChunkOf(head, chatUsageOf(end.usage));
}
