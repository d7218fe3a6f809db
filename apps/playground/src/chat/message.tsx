/** One message: its text, and what the model thought before it, folded. */
import type { useChat } from '@trivium/react/chat';
import { memo } from 'react';
import { Markdown } from '../text/markdown.js';

type ChatMessage = ReturnType<typeof useChat>['messages'][number];

export const Message = memo(function Message({ message: { role, parts } }: { message: ChatMessage }) {
  return (
    <li data-role={role}>
      <p className="role">{role === 'user' ? 'You' : 'Model'}</p>
      {parts.map((part, index) => {
        if (part.type === 'text') return <Markdown key={index} text={part.text} />;
        if (part.type !== 'reasoning') return null;
        return (
          <details key={index}>
            <summary>Thoughts</summary>
            <Markdown text={part.text} />
          </details>
        );
      })}
    </li>
  );
});
