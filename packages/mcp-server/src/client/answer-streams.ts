/**
 * The stream on which a server answers one request, as one that does not break: it is taken up again behind the last event that
 * came whole. Where it cannot be, it ends with an error as the answer. So a request fails by the fate of its own stream alone,
 * and in the order of what was said on it. The SDK sees no ids of events, and has nothing to take up again. Knows no sessions.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { ErrorCode, type JSONRPCErrorResponse, type RequestId } from '@modelcontextprotocol/sdk/types.js';
import { EventSourceParserStream } from 'eventsource-parser/stream';

type Fetch = typeof globalThis.fetch;

/** Each after twice the time of the last; with a second before the first, half a minute. */
const triesToResume = 5;

/** Before a stream is taken up again, where the server says nothing else. */
const defaultRetryMs = 1000;
/** A server says what it likes: no less, lest it is asked without a pause, and no more than a timer is worth. */
const [leastRetryMs, mostRetryMs] = [100, 60_000];

export class AnswerStreams {
  /** Of requests that wait for the end of their answer. */
  readonly #waiting = new Map<RequestId, AbortController>();

  /** Nobody waits for the answer any more: its stream is closed, and not taken up again. */
  leave(request: RequestId): void {
    this.#waiting.get(request)?.abort();
  }

  /** @returns a fetch whose answers to requests do not break */
  through(fetch: Fetch = globalThis.fetch): Fetch {
    return async (input, init = {}) => {
      const id = requestIn(init);
      if (id === undefined) return fetch(input, init);
      const controller = new AbortController();
      // The SDK's signal lives as long as the session: what listens to it is taken off again.
      const abort = () => controller.abort();
      init.signal?.addEventListener('abort', abort);
      this.#waiting.set(id, controller);
      const ended = () => {
        init.signal?.removeEventListener('abort', abort);
        if (this.#waiting.get(id) === controller) this.#waiting.delete(id);
      };
      try {
        const response = await fetch(input, init);
        if (!isStream(response)) {
          ended();
          return response;
        }
        const { signal } = controller;
        const resume = (lastEventId: string) =>
          fetch(input, { ...resumption(init, lastEventId), signal: controller.signal });
        const events = answerTo(id, { first: response, resume, signal, ended });
        return new Response(bodyOf(events, abort), response);
      } catch (error) {
        ended();
        throw error;
      }
    };
  }
}

/** The id of a request that is posted alone, as the SDK posts them. */
function requestIn({ method, body }: RequestInit): RequestId | undefined {
  if (method !== 'POST' || typeof body !== 'string') return undefined;
  const { id, method: asked } = JSON.parse(body) as { id?: RequestId; method?: string };
  return asked === undefined ? undefined : id;
}

const isStream = ({ ok, headers, body }: Response): boolean =>
  ok && body !== null && (headers.get('content-type')?.startsWith('text/event-stream') ?? false);

function resumption({ body: _, headers: given, ...init }: RequestInit, lastEventId: string): RequestInit {
  const headers = new Headers(given);
  headers.delete('content-type');
  headers.set('accept', 'text/event-stream');
  headers.set('last-event-id', lastEventId);
  return { ...init, method: 'GET', headers };
}

interface Answering {
  first: Response;
  resume: (lastEventId: string) => Promise<Response>;
  signal: AbortSignal;
  ended: () => void;
}

/** The messages of the stream, until the answer, an error in its place, or the abort. Never throws. */
async function* answerTo(
  id: RequestId,
  { first, resume, signal, ended }: Answering,
): AsyncGenerator<string, void, void> {
  let lastEventId: string | undefined;
  let retryMs = defaultRetryMs;
  const setRetry = (ms: number) => {
    retryMs = Math.min(Math.max(ms, leastRetryMs), mostRetryMs);
  };
  try {
    let response = first;
    for (;;) {
      for await (const { id: eventId, data } of eventsOf(response, setRetry, signal)) {
        lastEventId = eventId || lastEventId;
        if (data === '') continue;
        yield data;
        if (isAnswer(data, id)) return;
      }
      if (lastEventId === undefined) throw new Error('The connection broke before it answered.');
      response = await resumed(lastEventId, resume, retryMs, signal);
    }
  } catch (error) {
    if (!signal.aborted) yield JSON.stringify(failure(id, (error as Error).message));
  } finally {
    ended();
  }
}

/** What comes whole, until the stream ends, breaks or is left. */
async function* eventsOf(response: Response, setRetry: (ms: number) => void, signal: AbortSignal) {
  const reader = response
    // Declarations disagree about the type of a chunk.
    .body!.pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>)
    .pipeThrough(new EventSourceParserStream({ onRetry: setRetry }))
    .getReader();
  const leave = () => void reader.cancel().catch(() => {});
  signal.addEventListener('abort', leave);
  try {
    while (!signal.aborted) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch {
    // Broken off is as good as ended: whoever reads knows whether the answer was there.
  } finally {
    signal.removeEventListener('abort', leave);
    leave();
  }
}

/** @throws Error in words for whoever waits for the answer */
async function resumed(
  lastEventId: string,
  resume: Answering['resume'],
  retryMs: number,
  signal: AbortSignal,
): Promise<Response> {
  for (let turn = 0; turn < triesToResume; turn++) {
    await delay(retryMs * 2 ** turn, undefined, { signal });
    const response = await resume(lastEventId).catch(() => undefined);
    if (response && isStream(response)) return response;
    await response?.body?.cancel().catch(() => {});
    if (response && !mayPass(response)) throw new Error(refused(response));
  }
  throw new Error('The server could no longer be reached before it answered.');
}

/** A server that believes the broken connection alive says 409. */
const mayPass = ({ status }: Response) => status >= 500 || status === 409 || status === 429;

const refused = ({ status }: Response) =>
  status === 404
    ? 'The session ended before it answered.'
    : `The connection broke before it answered, and the server keeps no answer (HTTP ${status}).`;

export const failure = (id: RequestId, message: string): JSONRPCErrorResponse => ({
  jsonrpc: '2.0',
  id,
  error: { code: ErrorCode.ConnectionClosed, message },
});

function isAnswer(data: string, request: RequestId): boolean {
  try {
    const { id, method } = JSON.parse(data) as { id?: unknown; method?: unknown };
    return id === request && method === undefined;
  } catch {
    return false;
  }
}

function bodyOf(messages: AsyncGenerator<string, void, void>, leave: () => void) {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await messages.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(`data: ${value.replaceAll('\n', '\ndata: ')}\n\n`));
      },
      cancel: leave,
    },
    { highWaterMark: 0 },
  );
}
