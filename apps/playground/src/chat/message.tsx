/** One message: its text with what it cites, what the model thought before it, folded, what it lacks and what it took. */
import type { TriviumDataParts } from '@trivium/protocol';
import type { TriviumUIMessage } from '@trivium/react/chat';
import { memo, useMemo, useState } from 'react';
import { count, duration, rate } from '../parts/numbers.js';
import { placeOf } from '../source/place-of.js';
import type { OpenPlace } from '../source/use-source.js';
import { Markdown } from '../text/markdown.js';

interface MessageProps {
  message: TriviumUIMessage;
  onOpen: OpenPlace;
}

export const Message = memo(function Message({ message: { id, role, parts }, onOpen }: MessageProps) {
  const citations = useSame(
    parts.flatMap((part) => (part.type === 'data-trivium-citation' ? [part.data] : [])),
  );
  return (
    <li data-role={role}>
      <p className="role">{role === 'user' ? 'You' : 'Model'}</p>
      {parts.map((part, index) => {
        if (part.type === 'data-trivium-usage') return <UsageLine key={index} usage={part.data} />;
        if (part.type === 'data-trivium-warning') return <WarningLine key={index} warning={part.data} />;
        if (part.type === 'text')
          return <Markdown key={index} text={part.text} idPrefix={id} {...{ citations, onOpen, placeOf }} />;
        if (part.type !== 'reasoning') return null;
        return <Thoughts key={index} text={part.text} />;
      })}
    </li>
  );
});

/** The same list as long as it says the same: with each piece of an answer its message is a copy. */
function useSame<Item>(list: readonly Item[]): readonly Item[] {
  const key = JSON.stringify(list);
  return useMemo(() => JSON.parse(key), [key]);
}

/** Folded, and rendered by nobody until they are looked at: models may think for longer than they answer. */
function Thoughts({ text }: { text: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>Thoughts</summary>
      {isOpen && <Markdown text={text} />}
    </details>
  );
}

function WarningLine({ warning: { path, message } }: { warning: TriviumDataParts['trivium-warning'] }) {
  return (
    <p className="role">
      Warning: {path !== undefined && `${path}: `}
      {message}
    </p>
  );
}

function UsageLine({ usage }: { usage: TriviumDataParts['trivium-usage'] }) {
  const { inputTokens, outputTokens, tokensPerSecond, firstTokenMs } = usage;
  const facts = [
    inputTokens !== undefined &&
      outputTokens !== undefined &&
      `${count(inputTokens)} tokens in, ${count(outputTokens)} out`,
    tokensPerSecond !== undefined && `${rate(tokensPerSecond)} tokens/s`,
    firstTokenMs !== undefined && `first after ${duration(firstTokenMs)}`,
  ];
  return <p className="role">{facts.filter(Boolean).join(' · ')}</p>;
}
