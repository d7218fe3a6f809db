/**
 * `/api/chat`: what `useChat` speaks. An answer runs apart from its request: a disconnect stops nothing, `GET …/stream` reads
 * it again from the beginning, `POST …/cancel` ends it. Refuses to know: how answers are made and kept.
 */
import { z } from 'zod';
import { loadAi } from '../../base/ai-sdk.js';
import { doneFrame, eventStream, frameOf } from '../event-stream.js';
import { callerOf } from '../gate/caller.js';
import { type AnyRoute, type RouteCall, route } from '../route.js';
import type { ServerContext } from '../server-context.js';
import { type UiChatRequest, uiChatRequest, uiChunk } from './chat-schema.js';
import type { Answer } from './chat-streams.js';
import { continuedFrames } from './continued-message.js';
import { documentFrames, documentInput } from './document-answer.js';
import type { StoredStream } from './stream-store.js';
import { errorFrame, promptOf, uiFrames } from './ui-answer.js';

const params = z.object({ id: z.string().min(1).max(512) });
const headers = { 'x-vercel-ai-ui-message-stream': 'v1' };

export function chatRoutes(context: ServerContext): AnyRoute[] {
  const { chats } = context;
  return [
    route({
      method: 'post',
      path: '/api/chat',
      id: 'sendChatMessage',
      tag: 'Chat',
      summary: 'The next answer in a chat, as a UI message stream of the AI SDK',
      description:
        'The answer goes on when the client disconnects. A new message in a chat ends the answer that runs in it. Beside the text there are parts `data-trivium-usage` and `data-trivium-warning`, and of answers from documents `data-trivium-stage` and `data-trivium-citation`.',
      body: uiChatRequest,
      answers: { 200: { description: 'The stream.', events: uiChunk } },
      handle: async (call) => {
        const before = continuedFrames(call.body.messages);
        const starting = chats.start(chatOf(call, call.body.id), async (signal) =>
          behind(before, await placed(await answerTo(call, context), call, signal)),
        );
        call.until(starting.then(({ settled }) => settled));
        const { stream } = await starting;
        // Its client has what is before.
        return eventStream(call, replay(stream, call, before.length), headers);
      },
    }),
    route({
      method: 'get',
      path: '/api/chat/{id}/stream',
      id: 'resumeChat',
      tag: 'Chat',
      summary:
        'The answer that runs in a chat, or ended there and was not read to its end, from its beginning',
      params,
      answers: {
        200: {
          description:
            'The stream; one that its server did not finish, stopped or killed, ends with an error.',
          events: uiChunk,
        },
        204: { description: 'There is none.' },
      },
      handle: async (call) => {
        const stream = await chats.find(chatOf(call, call.params.id));
        return stream
          ? eventStream(call, replay(stream, call), headers)
          : new Response(null, { status: 204 });
      },
    }),
    route({
      method: 'post',
      path: '/api/chat/{id}/cancel',
      id: 'cancelChat',
      tag: 'Chat',
      summary: 'Ends the answer that runs in a chat',
      params,
      answers: {
        200: {
          description: 'It has ended, or does within a second where another server writes it.',
          json: z.object({ id: z.string(), cancelled: z.boolean().describe('Whether one ran.') }),
        },
      },
      handle: async (call) => {
        const { id } = call.params;
        const reason = new DOMException('The answer was cancelled.', 'AbortError');
        return Response.json({ id, cancelled: await chats.cancel(chatOf(call, id), reason) });
      },
    }),
  ];
}

/** Ids are their callers' own: nobody meets the chats of somebody with another key, which is kept nowhere. */
const chatOf = ({ request }: RouteCall, id: string) => `${callerOf(request) ?? ''}:${id}`;

/** What is asked for is checked before anything ends or begins. */
async function answerTo(call: RouteCall<UiChatRequest>, context: ServerContext): Promise<Answer> {
  const { body, failure } = call;
  if (body.documents) {
    const input = await documentInput(body.documents, body, context, call.signal);
    return (signal) => documentFrames(input, context, call, signal);
  }
  const ai = await loadAi();
  const prompt = await promptOf(ai, body.messages);
  const model = await context.models.language(body.model);
  const onTokens = (input?: number, output?: number) => context.metrics.tokens(model.id, input, output);
  return (signal) => uiFrames(ai, { model, prompt, body, failure, onTokens }, signal);
}

/**
 * The answer, which waits by itself for one of the places, whether or not its client does: the answer before it in its chat may
 * hold that place, and is ended only where this one is taken.
 * @throws TriviumError `busy` where too many wait already
 */
async function placed(answer: Answer, { enter }: RouteCall, signal: AbortSignal): Promise<Answer> {
  let onWaiting = () => {};
  const waiting = new Promise<void>((resolve) => {
    onWaiting = resolve;
  });
  const place = enter(onWaiting, signal);
  await Promise.race([place, waiting]);
  return async function* () {
    await place.catch(() => {});
    if (!signal.aborted) return yield* answer(signal);
    yield frameOf({ data: JSON.stringify({ type: 'abort' }) });
    yield doneFrame;
  };
}

/** Kept before an answer, so that whoever comes back for it is told of the whole message. */
const behind = (before: string, answer: Answer): Answer =>
  async function* (signal) {
    if (before !== '') yield before;
    yield* answer(signal);
  };

/**
 * The text as it was written, which is forgotten once somebody has all of it; what breaks off, here or in the process that wrote
 * it, ends with an error that says so.
 * @param known characters at the beginning that the reader has
 */
async function* replay(
  stream: StoredStream,
  { signal, failure }: RouteCall,
  known = 0,
): AsyncGenerator<string, void, void> {
  const reading = stream.read(signal);
  let isOver = false;
  let left = known;
  try {
    for (;;) {
      const step = await reading.next();
      if (step.done) {
        if (step.value === 'ended') return;
        break;
      }
      // Clients leave with this frame, before the end behind it.
      isOver = !signal.aborted && step.value.endsWith(doneFrame);
      const piece = step.value.slice(left);
      left = Math.max(0, left - step.value.length);
      if (piece !== '') yield piece;
    }
    yield errorFrame('The server ended before the answer did.');
  } catch (error) {
    // It is kept: what a disk or a system fails at may pass by, and another process may still write it.
    yield errorFrame(failure(error).message);
  } finally {
    await reading.return('interrupted').catch(() => {});
    if (isOver) await stream.forget?.().catch(() => {});
  }
  yield doneFrame;
}
