/**
 * A capability that runs on a server, behind the same face as one that runs here: whatever takes an implementation
 * (a function, a hook, a tool) takes it. Needs `fetch` and streams, nothing of Node.
 */
import type { EventSourceMessage } from 'eventsource-parser';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { type AnyCapability, type Implementation, implement } from './capability.js';
import { TriviumError } from './errors.js';
import { type CallFrame, callFrame, capabilityPath, errorOfBody } from './wire.js';

/** A Trivium server as its clients see it. */
export interface Endpoint {
  /** Where its paths begin, `http://127.0.0.1:7474` or `''` for the page's own origin. */
  baseUrl: string;
  /** Sent with each request; a function is asked each time, for keys that change. */
  headers?: Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>);
  /** Default: the global one. */
  fetch?: typeof globalThis.fetch;
}

/** A request to a path of the endpoint. @throws TriviumError with the server's code, `network` where there is none */
export async function request(endpoint: Endpoint, path: string, init: RequestInit = {}): Promise<Response> {
  const { baseUrl, headers, fetch = globalThis.fetch } = endpoint;
  const own = typeof headers === 'function' ? await headers() : headers;
  const url = `${baseUrl.replace(/\/$/, '')}${path}`;
  let response: Response;
  try {
    response = await fetch(url, { ...init, headers: { ...own, ...(init.headers as object) } });
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw new TriviumError('network', `${url} does not answer.`, {
      remedy: 'Check that the server runs there: trivium serve.',
      cause,
    });
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => undefined);
  throw errorOfBody(body, `${url} answered ${response.status}.`);
}

interface SentEvent {
  id?: string;
  data: string;
}

/**
 * The data of server-sent events, with their ids, until the stream ends. The body is read from the first `next` on. `return`
 * closes the connection at once, also while `next` waits for the server: that one then ends.
 * @throws TriviumError `network` when the connection breaks; an abort's reason
 */
export function eventsOf(response: Response): AsyncGenerator<SentEvent, void, void> {
  let reader: ReadableStreamDefaultReader<EventSourceMessage> | undefined;
  const events = read(() => {
    reader = response.body
      // Declarations disagree about the type of a chunk.
      ?.pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>)
      .pipeThrough(new EventSourceParserStream())
      .getReader();
    return reader;
  });
  const end = events.return.bind(events);
  // A generator by itself would let its own `return` wait behind the `next` before it.
  events.return = async (value) => {
    await (reader ?? response.body)?.cancel().catch(() => {});
    return end(value);
  };
  return events;
}

async function* read(
  open: () => ReadableStreamDefaultReader<EventSourceMessage> | undefined,
): AsyncGenerator<SentEvent, void, void> {
  const reader = open();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield { data: value.data, ...(value.id !== undefined && { id: value.id }) };
    }
  } catch (cause) {
    // A body that breaks off is a TypeError in browsers and in Node.
    if (!(cause instanceof TypeError)) throw cause;
    throw new TriviumError('network', 'The connection to the server broke.', {
      remedy: 'Check that the server still runs, and call again.',
      cause,
    });
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** @throws TriviumError `network` for data that is no frame */
export function frameOf(data: string): CallFrame {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {}
  const frame = callFrame.safeParse(value);
  if (frame.success) return frame.data;
  throw new TriviumError('network', 'The server sent an event that no call has.', {
    found: data.slice(0, 200),
  });
}

/**
 * The capability as the endpoint's server runs it; leaving or aborting stops the work there.
 * @example
 * const { words } = await invoke(remote(countWords, { baseUrl: '' }), { text }, { signal });
 */
export function remote<C extends AnyCapability>(capability: C, endpoint: Endpoint): Implementation<C> {
  return implement(capability, async function* (input, { signal }) {
    const response = await request(endpoint, capabilityPath(capability), {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify(input),
      signal,
    });
    for await (const { data } of eventsOf(response)) {
      const frame = frameOf(data);
      if (frame.type === 'output') return frame.output as never;
      if (frame.type === 'error') throw errorOfBody(frame, 'The call failed.');
      yield frame.progress as never;
    }
    throw new TriviumError('network', `The connection ended before ${capability.name} was done.`, {
      remedy: 'Call again; as a job it goes on without a connection.',
    });
  });
}
