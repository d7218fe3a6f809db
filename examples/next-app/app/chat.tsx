'use client';

import { useDocuments } from '@trivium/react';
import { useChat } from '@trivium/react/chat';

/** A chat with nano, and a question to the documents in `docs`. */
export function Chat() {
  const { messages, sendMessage, status } = useChat({ body: { maxOutputTokens: 24 } });
  const { ask } = useDocuments(['.']);
  return (
    <main>
      <button type="button" onClick={() => sendMessage({ text: 'Tell me about tea.' })}>
        Send
      </button>
      <p role="status">{status}</p>
      {messages.map(({ id, role, parts }) => (
        <p key={id} data-role={role}>
          {parts.map((part) => (part.type === 'text' ? part.text : '')).join('')}
        </p>
      ))}
      <button type="button" onClick={() => ask.run({ question: 'How long is green tea steeped?' })}>
        Ask
      </button>
      {ask.data?.citations.map(({ path, start, text }) => (
        <q key={`${path}:${start}`}>{text}</q>
      ))}
    </main>
  );
}
