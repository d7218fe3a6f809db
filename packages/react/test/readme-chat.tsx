/** The chat of the README, word for word below its imports. */

import { useState } from 'react';
import { useChat } from '../src/chat/index.js';

function conversationId() {
  if (typeof window === 'undefined') return ''; // rendered on a server, which asks for nothing and keeps nothing
  const id = sessionStorage.getItem('conversation') ?? crypto.randomUUID();
  sessionStorage.setItem('conversation', id);
  return id;
}

export function Chat() {
  const [id] = useState(conversationId);
  const { messages, sendMessage, status, stop } = useChat({ id, resume: true });
  return (
    <>
      <ul>
        {messages.map(({ id, role, parts }) => (
          <li key={id}>
            {role}: {parts.map((part) => (part.type === 'text' ? part.text : ''))}
          </li>
        ))}
      </ul>
      <button type="button" onClick={() => sendMessage({ text: 'Is it running?' })}>
        Send
      </button>
      {(status === 'submitted' || status === 'streaming') && (
        <button type="button" onClick={() => stop().catch(console.error)}>
          Stop
        </button>
      )}
    </>
  );
}
