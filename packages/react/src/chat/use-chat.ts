/** `useChat` of the AI SDK over the endpoint of the provider; refuses to know how messages travel. */
import {
  type UIMessage,
  type UseChatHelpers,
  type UseChatOptions,
  useChat as useAiChat,
} from '@ai-sdk/react';
import { useMemo } from 'react';
import { useEndpoint } from '../hooks/trivium-provider.js';
import { type ChatTransport, createChatTransport } from './chat-transport.js';

type ChatInit<Message extends UIMessage> = Omit<
  Extract<UseChatOptions<Message>, { transport?: unknown }>,
  'transport'
>;

export type UseTriviumChatOptions<Message extends UIMessage = UIMessage> = ChatInit<Message> & {
  /** The model of the server that answers; default: the server's. */
  model?: string | undefined;
  /** Sent with each message beside it. */
  body?: Record<string, unknown> | undefined;
};

/**
 * All that `useChat` of `@ai-sdk/react` gives, over the server of the nearest `TriviumProvider`. `stop` stops the answer on
 * the server too, and rejects where the server could not be told; leaving the page stops nothing, and `resume: true` takes the answer up again where there is one.
 * @example
 * const { messages, sendMessage, stop, status } = useChat({ id: 'support', resume: true, model: 'nano' });
 */
export function useChat<Message extends UIMessage = UIMessage>(
  { model, body, ...options }: UseTriviumChatOptions<Message> = {} as UseTriviumChatOptions<Message>,
): UseChatHelpers<Message> {
  const endpoint = useEndpoint();
  const transport = useMemo(
    () =>
      createChatTransport<Message>(endpoint, { body: { ...body, ...(model !== undefined && { model }) } }),
    [endpoint, body, model],
  );
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
