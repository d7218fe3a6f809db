/** `POST /v1/responses`: OpenAI's newer interface, whole or streamed. Answers are not kept. */
import { errorBody } from '@trivium/protocol';
import { eventStream, frameOf } from '../event-stream.js';
import { type AnyRoute, type RouteCall, route } from '../route.js';
import type { ServerContext } from '../server-context.js';
import { refuseOfOthers } from './call-settings.js';
import { generateStream, type StreamedAnswer } from './model-call.js';
import { responsesCallOf, responsesWords } from './responses-call.js';
import { response, responsesEvent, responsesRequest } from './responses-schema.js';
import { ResponseWriter, responseEvents, startedResponse } from './responses-stream.js';

export function responsesRoute(context: ServerContext): AnyRoute {
  return route({
    method: 'post',
    path: '/v1/responses',
    id: 'createResponse',
    tag: 'OpenAI',
    summary: 'An answer as items: text, reasoning, calls of functions',
    description:
      'Answers are not kept: `previous_response_id` is refused, and the conversation is sent with each call.',
    body: responsesRequest,
    answers: {
      200: {
        description: 'The response, whole, or as events with `stream`.',
        json: response,
        events: responsesEvent,
      },
    },
    isWork: true,
    handle: async (call) => {
      const { body, signal } = call;
      const model = await context.models.language(body.model);
      refuseOfOthers(body, model);
      const options = responsesCallOf(body, model.reference !== undefined, signal);
      const answer = await generateStream(model, options, {
        metrics: context.metrics,
        words: responsesWords(body),
      });
      const writer = new ResponseWriter(startedResponse(body, model.id), body);
      if (body.stream === true) return eventStream(call, frames(writer, answer, call));
      for await (const _ of responseEvents(writer, answer));
      return Response.json(writer.response);
    },
  });
}

async function* frames(
  writer: ResponseWriter,
  answer: StreamedAnswer,
  { signal, failure }: RouteCall,
): AsyncGenerator<string, void, void> {
  const frame = (event: { type: string }) => frameOf({ event: event.type, data: JSON.stringify(event) });
  try {
    for await (const event of responseEvents(writer, answer)) yield frame(event);
  } catch (error) {
    const { error: told } = errorBody(failure(signal.aborted ? signal.reason : error));
    for (const event of writer.fail(told)) yield frame(event);
  }
}
