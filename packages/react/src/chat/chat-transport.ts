/**
 * How `useChat` of the AI SDK talks to a Trivium server: its messages out, its stream of parts in, the stream of a chat
 * taken up again, and a cancel of its own, because there a client that goes does not stop the answer. An answer is read, taken
 * up and cancelled on the server that it began on.
 * Refuses to know React and what parts mean; of the AI SDK it takes types alone, so it fits its versions 6 and 7.
 */
import type { UIMessage, UseChatOptions } from '@ai-sdk/react';
import { type Endpoint, eventsOf, request, TriviumError } from '@trivium/protocol';
import { heldEndpoint } from '../stores/endpoint-handle.js';

type TransportOf<Message extends UIMessage> = NonNullable<
  Extract<UseChatOptions<Message>, { transport?: unknown }>['transport']
>;
type PartStream = Awaited<ReturnType<TransportOf<UIMessage>['sendMessages']>>;
type Part = PartStream extends ReadableStream<infer Chunk> ? Chunk : never;

export type ChatTransport<Message extends UIMessage = UIMessage> = TransportOf<Message> & {
  /** Stops the answer of a chat on the server, also one whose message is under way; without one nothing happens. @throws TriviumError */
  readonly cancel: (chatId: string) => Promise<void>;
};

export interface ChatTransportSettings {
  /** Sent with each message, beside what the AI SDK sends: `model` and settings of the server; a function is asked each time. */
  body?: Record<string, unknown> | (() => Record<string, unknown>) | undefined;
  /** Where the server's chat lies below the base URL. Default: `/api/chat`. */
  path?: string | undefined;
}

/** An answer that was asked for, and was neither read to its end nor cancelled. */
interface Asked {
  readonly server: Endpoint;
  /** Resolves when the server has taken or refused the message; absent from then on. */
  underWay?: Promise<void> | undefined;
}

/**
 * @example
 * const { messages, sendMessage } = useChat({ transport: createChatTransport({ baseUrl: '' }) });
 */
export function createChatTransport<Message extends UIMessage = UIMessage>(
  endpoint: Endpoint,
  { body: own, path = '/api/chat' }: ChatTransportSettings = {},
): ChatTransport<Message> {
  const chatPath = (chatId: string, action: string) => `${path}/${encodeURIComponent(chatId)}/${action}`;
  const asked = new Map<string, Asked>();
  /** By chat. The next message waits for them: one that came after it would stop its answer. */
  const cancels = new Map<string, Promise<unknown>>();
  const forget = (chatId: string, answer: Asked | undefined) => {
    if (asked.get(chatId) === answer) asked.delete(chatId);
  };
  const cancelOn = async (server: Endpoint, chatId: string): Promise<void> => {
    try {
      const response = await request(server, chatPath(chatId, 'cancel'), { method: 'POST' });
      // What it says of one answer says nothing of the message behind it.
      await response.text().catch(() => {});
    } catch (thrown) {
      if (!TriviumError.isInstance(thrown) || thrown.code !== 'not-found') throw thrown;
    }
  };
  const stop = async (chatId: string): Promise<void> => {
    const answer = asked.get(chatId);
    const { server = heldEndpoint(endpoint), underWay } = answer ?? {};
    await cancelOn(server, chatId);
    if (underWay) {
      // The message may have come behind the cancel, also where that ended an answer: the one before it.
      await underWay;
      await cancelOn(server, chatId);
    }
    forget(chatId, answer);
  };

  const transport: ChatTransport<UIMessage> = {
    // The server tells an answer that is taken up again from its beginning.
    resumeStreamIsReplay: true,
    sendMessages: async ({ chatId, messages, trigger, messageId, abortSignal, headers, body }) => {
      await settled(Promise.all([cancels.get(chatId), asked.get(chatId)?.underWay]), abortSignal);
      abortSignal?.throwIfAborted();
      const answer: Asked = { server: heldEndpoint(endpoint) };
      const connection = new AbortController();
      const sent = request(answer.server, path, {
        method: 'POST',
        headers: { ...plainHeaders(headers), 'content-type': 'application/json' },
        body: JSON.stringify({
          ...(typeof own === 'function' ? own() : own),
          ...body,
          id: chatId,
          messages,
          trigger,
          messageId,
        }),
        signal: connection.signal,
      });
      asked.set(chatId, answer);
      // A message under way is not taken back, for the server may have it already, and would not be told of a stop.
      answer.underWay = sent
        .then(
          () => closeOnAbort(connection, abortSignal),
          () => forget(chatId, answer),
        )
        .then(() => {
          answer.underWay = undefined;
        });
      await settled(sent, abortSignal);
      abortSignal?.throwIfAborted();
      return partsOf(await sent, () => forget(chatId, answer));
    },
    reconnectToStream: async ({ chatId, headers, ...options }) => {
      const signal = (options as { abortSignal?: AbortSignal }).abortSignal;
      const known = asked.get(chatId);
      const answer = known ?? { server: heldEndpoint(endpoint) };
      const response = await request(answer.server, chatPath(chatId, 'stream'), {
        headers: plainHeaders(headers),
        ...(signal && { signal }),
      });
      if (response.status === 204) {
        if (!answer.underWay) forget(chatId, answer);
        return null;
      }
      if (!asked.has(chatId)) asked.set(chatId, answer);
      return partsOf(response, () => forget(chatId, answer));
    },
    cancel: async (chatId) => {
      const stopped = stop(chatId);
      const all: Promise<void> = Promise.allSettled([cancels.get(chatId), stopped]).then(() => {
        if (cancels.get(chatId) === all) cancels.delete(chatId);
      });
      cancels.set(chatId, all);
      await stopped;
    },
  };
  return transport as ChatTransport<Message>;
}

/** Closes the connection when the signal aborts. */
function closeOnAbort(connection: AbortController, signal: AbortSignal | undefined): void {
  const close = () => connection.abort(signal?.reason);
  if (signal?.aborted) close();
  else signal?.addEventListener('abort', close, { once: true });
}

/** Resolves when the work has ended, however it did, or the signal aborts. */
const settled = (work: Promise<unknown> | undefined, signal: AbortSignal | undefined) =>
  new Promise<void>((resolve) => {
    const end = () => resolve();
    if (!work || signal?.aborted) return end();
    signal?.addEventListener('abort', end, { once: true });
    work.then(end, end);
  });

const plainHeaders = (headers: Record<string, string> | Headers | undefined): Record<string, string> =>
  headers instanceof Headers ? Object.fromEntries(headers) : { ...headers };

/**
 * The parts of an answer as they come; cancelling closes the connection. One that was stopped, by whomever, ends with an
 * `AbortError`: the AI SDK knows nothing of the part that says so, and would take the half for a whole.
 * @param onEnd called when all of them have come
 */
function partsOf(response: Response, onEnd: () => void): PartStream {
  const events = eventsOf(response);
  let isAborted = false;
  return new ReadableStream<Part>({
    pull: async (controller) => {
      try {
        const { done, value } = await events.next();
        if (done && !isAborted) throw brokenOff();
        if (done || value.data === '[DONE]') {
          onEnd();
          if (isAborted) controller.error(new DOMException('The answer was stopped.', 'AbortError'));
          else controller.close();
          await events.return();
          return;
        }
        const part = partOf(value.data);
        isAborted ||= part.type === 'abort';
        controller.enqueue(part);
      } catch (thrown) {
        const broke = TriviumError.isInstance(thrown) && thrown.cause instanceof TypeError;
        controller.error(broke ? brokenOff(thrown) : thrown);
      }
    },
    cancel: async () => {
      await events.return();
    },
  });
}

/**
 * The AI SDK knows a broken connection, which it can take up again, as a `TypeError` that says "network" or "fetch": those of
 * browsers do, Node's does not.
 */
const brokenOff = (cause?: TriviumError) => new TypeError('network error: the answer broke off', { cause });

function partOf(data: string): Part {
  try {
    return JSON.parse(data) as Part;
  } catch (cause) {
    throw new TriviumError('network', 'The server sent a part of an answer that is no JSON.', {
      found: data.slice(0, 200),
      cause,
    });
  }
}
