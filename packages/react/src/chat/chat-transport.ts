/**
 * How `useChat` of the AI SDK talks to a Trivium server: its messages out, its stream of parts in, the stream of a chat
 * taken up again, and a cancel of its own, because there a client that goes does not stop the answer.
 * Refuses to know React and what parts mean; of the AI SDK it takes types alone, so it fits its versions 6 and 7.
 */
import type { UIMessage, UseChatOptions } from '@ai-sdk/react';
import { type Endpoint, eventsOf, request, TriviumError } from '@trivium/protocol';

type TransportOf<Message extends UIMessage> = NonNullable<
  Extract<UseChatOptions<Message>, { transport?: unknown }>['transport']
>;
type PartStream = Awaited<ReturnType<TransportOf<UIMessage>['sendMessages']>>;
type Part = PartStream extends ReadableStream<infer Chunk> ? Chunk : never;

export type ChatTransport<Message extends UIMessage = UIMessage> = TransportOf<Message> & {
  /** Stops the answer of a chat on the server; nothing happens where none is being written. @throws TriviumError */
  readonly cancel: (chatId: string) => Promise<void>;
};

export interface ChatTransportSettings {
  /** Sent with each message, beside what the AI SDK sends: `model` and settings of the server; a function is asked each time. */
  body?: Record<string, unknown> | (() => Record<string, unknown>) | undefined;
  /** Where the server's chat lies below the base URL. Default: `/api/chat`. */
  path?: string | undefined;
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
  /** By chat. The next message waits for them: one that came after it would stop its answer. */
  const cancels = new Map<string, Promise<unknown>>();
  const transport: ChatTransport<UIMessage> = {
    // The server tells an answer that is taken up again from its beginning.
    resumeStreamIsReplay: true,
    sendMessages: async ({ chatId, messages, trigger, messageId, abortSignal, headers, body }) => {
      await settled(cancels.get(chatId), abortSignal);
      abortSignal?.throwIfAborted();
      const response = await request(endpoint, path, {
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
        ...(abortSignal && { signal: abortSignal }),
      });
      return partsOf(response);
    },
    reconnectToStream: async ({ chatId, headers, ...options }) => {
      const signal = (options as { abortSignal?: AbortSignal }).abortSignal;
      const response = await request(endpoint, chatPath(chatId, 'stream'), {
        headers: plainHeaders(headers),
        ...(signal && { signal }),
      });
      return response.status === 204 ? null : partsOf(response);
    },
    cancel: async (chatId) => {
      const told = request(endpoint, chatPath(chatId, 'cancel'), { method: 'POST' });
      const all: Promise<void> = Promise.allSettled([cancels.get(chatId), told]).then(() => {
        if (cancels.get(chatId) === all) cancels.delete(chatId);
      });
      cancels.set(chatId, all);
      try {
        await told;
      } catch (thrown) {
        if (TriviumError.isInstance(thrown) && thrown.code === 'not-found') return;
        throw thrown;
      }
    },
  };
  return transport as ChatTransport<Message>;
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

/** The parts of an answer as they come; cancelling closes the connection. */
function partsOf(response: Response): PartStream {
  const events = eventsOf(response);
  return new ReadableStream<Part>({
    pull: async (controller) => {
      try {
        const { done, value } = await events.next();
        if (done || value.data === '[DONE]') {
          controller.close();
          await events.return();
          return;
        }
        controller.enqueue(partOf(value.data));
      } catch (thrown) {
        // The AI SDK knows a broken connection, which it can take up again, by the error that `fetch` gave.
        const broke = TriviumError.isInstance(thrown) && thrown.cause instanceof TypeError;
        controller.error(broke ? thrown.cause : thrown);
      }
    },
    cancel: async () => {
      await events.return();
    },
  });
}

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
