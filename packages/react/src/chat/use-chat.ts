/** `useChat` of the AI SDK over the endpoint of the provider; refuses to know how messages travel. */
import {
  type UIMessage,
  type UseChatHelpers,
  type UseChatOptions,
  useChat as useAiChat,
} from '@ai-sdk/react';
import type { TriviumDataParts } from '@trivium/protocol';
import { useEffect, useInsertionEffect } from 'react';
import { useEndpoint } from '../hooks/trivium-provider.js';
import { useStoreOf } from '../hooks/use-store.js';
import { type ConversationSettings, createConversation } from './conversation.js';

/** Messages with what a Trivium server tells beside the text: parts `data-trivium-usage`, `-stage`, `-citation` and `-warning`. */
export type TriviumUIMessage = UIMessage<unknown, TriviumDataParts>;

export type UseTriviumChatOptions<Message extends UIMessage = TriviumUIMessage> =
  ConversationSettings<Message>;

/**
 * All that `useChat` of `@ai-sdk/react` gives, over the server of the nearest `TriviumProvider`. `stop` stops the answer on
 * the server too, and rejects where the server could not be told; leaving the page stops nothing, and `resume: true` takes up an
 * answer that was not read to its end: `onFinish` of a page that is left then gets what it had, with `isAbort`. `id` is what the server knows the conversation by: one that no other conversation has.
 * @example
 * const { messages, sendMessage, stop, status } = useChat({ id: conversationId, resume: true, model: 'nano' });
 */
export function useChat<Message extends UIMessage = TriviumUIMessage>(
  options: UseTriviumChatOptions<Message> = {} as UseTriviumChatOptions<Message>,
): UseChatHelpers<Message> {
  const endpoint = useEndpoint();
  const { chat, become, stop, join, leave } = useStoreOf(
    () => createConversation<Message>(endpoint, options),
    options.id,
    endpoint,
  );
  useInsertionEffect(() => become(options));
  useEffect(() => {
    join();
    return leave;
  }, [join, leave]);
  return { ...useAiChat<Message>({ ...options, chat } as UseChatOptions<Message>), stop };
}
