/** `useChat` of the AI SDK over the endpoint of the provider; refuses to know how messages travel. */
import {
  type UIMessage,
  type UseChatHelpers,
  type UseChatOptions,
  useChat as useAiChat,
} from '@ai-sdk/react';
import type { TriviumDataParts } from '@trivium/protocol';
import { useMemo } from 'react';
import { useEndpoint } from '../hooks/trivium-provider.js';
import { type ChatTransport, createChatTransport } from './chat-transport.js';

/** Messages with what a Trivium server tells beside the text: parts `data-trivium-usage`, `-stage`, `-citation` and `-warning`. */
export type TriviumUIMessage = UIMessage<unknown, TriviumDataParts>;

type ChatInit<Message extends UIMessage> = Omit<
  Extract<UseChatOptions<Message>, { transport?: unknown }>,
  'transport'
>;

export type UseTriviumChatOptions<Message extends UIMessage = TriviumUIMessage> = ChatInit<Message> & {
  /** The model of the server that answers; default: the server's. */
  model?: string | undefined;
  /** Sent with each message beside it. */
  body?: Record<string, unknown> | undefined;
  /** Documents of the server that the next message is answered from, with citations; `writes`: by the model, else by quotes. */
  documents?: { paths: readonly string[]; limit?: number; writes?: boolean } | undefined;
};

/**
 * All that `useChat` of `@ai-sdk/react` gives, over the server of the nearest `TriviumProvider`. `stop` stops the answer on
 * the server too, and rejects where the server could not be told; leaving the page stops nothing, and `resume: true` takes the answer up again where there is one.
 * @example
 * const { messages, sendMessage, stop, status } = useChat({ id: 'support', resume: true, model: 'nano' });
 */
export function useChat<Message extends UIMessage = TriviumUIMessage>(
  {
    model,
    body,
    documents,
    ...options
  }: UseTriviumChatOptions<Message> = {} as UseTriviumChatOptions<Message>,
): UseChatHelpers<Message> {
  const endpoint = useEndpoint();
  const transport = useMemo(() => {
    const own = { ...body, ...(model !== undefined && { model }), ...(documents && { documents }) };
    return createChatTransport<Message>(endpoint, { body: own });
  }, [endpoint, body, model, documents]);
  const chat = useAiChat<Message>({ ...options, transport } as UseChatOptions<Message>);
  const { id, stop: disconnect } = chat;
  const stop = useMemo(() => stopOf(transport, id, disconnect), [transport, id, disconnect]);
  return { ...chat, stop };
}

/** First the server, whose stream then says by itself that it was aborted; the connection goes in any case. */
function stopOf(transport: Pick<ChatTransport, 'cancel'>, id: string, disconnect: () => Promise<void>) {
  return async () => {
    await Promise.all([transport.cancel(id), disconnect()]);
  };
}
