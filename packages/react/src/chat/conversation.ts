/**
 * One conversation of a page: a chat of the AI SDK over our transport. The AI SDK's own hook would make one as well, but hides from
 * it that an answer is told again from its beginning, which then stands behind what was shown of it. Refuses to know React.
 */
import { Chat, type UIMessage, type UseChatOptions } from '@ai-sdk/react';
import type { Endpoint } from '@trivium/protocol';
import { createChatTransport } from './chat-transport.js';

type ChatSettings<Message extends UIMessage> = Omit<
  Extract<UseChatOptions<Message>, { transport?: unknown }>,
  'transport'
>;

export type ConversationSettings<Message extends UIMessage> = ChatSettings<Message> & {
  /** The model of the server that answers; default: the server's. */
  model?: string | undefined;
  /** Sent with each message beside it. */
  body?: Record<string, unknown> | undefined;
  /** Documents of the server that the next message is answered from, with citations; `writes`: by the model, else by quotes. */
  documents?: { paths: readonly string[]; limit?: number; writes?: boolean } | undefined;
};

/** @param settings `id` and `messages` hold for good, the others until it is told to `become` others */
export function createConversation<Message extends UIMessage>(
  endpoint: Endpoint,
  settings: ConversationSettings<Message>,
) {
  let latest = settings;
  const transport = createChatTransport<Message>(endpoint, {
    body: () => {
      const { body, model, documents } = latest;
      return { ...body, ...(model !== undefined && { model }), ...(documents && { documents }) };
    },
  });
  let isLeft = false;
  /** Messages that the server has not taken yet; they go to it, whoever leaves. */
  let underWay = 0;
  const unlessLeft = async <Parts extends ReadableStream | null>(parts: Parts): Promise<Parts> => {
    if (!isLeft) return parts;
    await parts?.cancel();
    throw new DOMException('The page was left.', 'AbortError');
  };
  const chat = new Chat<Message>({
    ...settings,
    transport: {
      ...transport,
      sendMessages: async (options) => {
        underWay += 1;
        try {
          return await unlessLeft(await transport.sendMessages(options));
        } finally {
          underWay -= 1;
        }
      },
      reconnectToStream: async (options) => unlessLeft(await transport.reconnectToStream(options)),
    },
    onData: (part) => latest.onData?.(part),
    onError: (error) => latest.onError?.(error),
    onFinish: (ended) => latest.onFinish?.(ended),
    onToolCall: (called) => latest.onToolCall?.(called),
    sendAutomaticallyWhen: (all) => latest.sendAutomaticallyWhen?.(all) ?? false,
  });
  return {
    chat,
    become: (next: ConversationSettings<Message>) => {
      latest = next;
    },
    /** First the server, whose stream then says by itself that it was aborted; the connection goes in any case. */
    stop: async () => {
      await Promise.all([transport.cancel(chat.id), chat.stop()]);
    },
    /** Somebody reads here, again. */
    join: () => {
      isLeft = false;
    },
    /** Where the next page takes the answer up: read on by nobody, it would count as read, and be told no more. */
    leave: () => {
      if (!latest.resume) return;
      isLeft = true;
      if (underWay === 0) void chat.stop();
    },
  };
}
