/** A conversation with the model, in the messages of the AI SDK. */
import { useChat } from '@trivium/react/chat';
import { type FormEvent, type KeyboardEvent, useId, useState } from 'react';
import type { PanelProps } from '../ask/ask-panel.js';
import { Notice } from '../parts/notice.js';
import { useMeter } from '../server/use-meter.js';
import { langOf } from '../text/lang-of.js';
import { Message } from './message.js';

type Failure = Error & { code?: string; remedy?: string };

export function ChatPanel({ paths, model, meter, onOpen }: PanelProps) {
  const [fromDocuments, setFromDocuments] = useState(false);
  const [settings, setSettings] = useState({ system: '', temperature: '', maxOutputTokens: '256' });
  const { system, temperature, maxOutputTokens } = settings;
  const chat = useChat({
    // A piece a token comes far more often than anybody reads; each is a render.
    experimental_throttle: 100,
    model: model || undefined,
    documents: fromDocuments && paths.length > 0 ? { paths } : undefined,
    body: {
      ...(system.trim() !== '' && { system }),
      ...(temperature !== '' && { temperature: Number(temperature) }),
      ...(maxOutputTokens !== '' && { maxOutputTokens: Number(maxOutputTokens) }),
    },
  });
  const [text, setText] = useState('');
  const [stopFailure, setStopFailure] = useState<Failure>();
  const id = useId();
  const isRunning = chat.status === 'submitted' || chat.status === 'streaming';
  useMeter(meter, isRunning, chat.status === 'streaming');
  const send = () => {
    if (isRunning || text.trim() === '') return;
    setText('');
    setStopFailure(undefined);
    void chat.sendMessage({ text });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // While an input method composes a word, Enter chooses it.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  // The server goes on with an answer whose stop did not reach it.
  const stop = () => {
    setStopFailure(undefined);
    chat.stop().catch(setStopFailure);
  };
  const failure = (stopFailure ?? chat.error) as Failure | undefined;
  const set = (change: Partial<typeof settings>) => setSettings({ ...settings, ...change });
  return (
    <div className="chat">
      <ol className="messages" aria-label="Messages" aria-live="polite" aria-busy={isRunning}>
        {chat.messages.map((message) => (
          <Message key={message.id} message={message} onOpen={onOpen} />
        ))}
        {chat.status === 'submitted' && <li className="muted">Thinking …</li>}
      </ol>
      {chat.messages.length === 0 && <p className="muted">Say something to the model.</p>}
      {failure && (
        <Notice title={failure.message} remedy={failure.remedy} code={failure.code}>
          <button type="button" onClick={() => (stopFailure ? stop() : void chat.regenerate())}>
            Try again
          </button>
        </Notice>
      )}
      <form onSubmit={submit} className="composer">
        <label htmlFor={id} className="hidden">
          Message
        </label>
        <textarea
          id={id}
          rows={2}
          value={text}
          lang={langOf(text)}
          placeholder="Message; Enter sends, Shift+Enter begins a line"
          onChange={({ target }) => setText(target.value)}
          onKeyDown={onKeyDown}
        />
        {/* Keys: were it one element, the click that stops would go on as one that submits. */}
        {isRunning ? (
          <button key="stop" type="button" onClick={stop}>
            Stop
          </button>
        ) : (
          <button key="send" type="submit" className="primary" disabled={text.trim() === ''}>
            Send
          </button>
        )}
      </form>
      <label className="check">
        <input
          type="checkbox"
          disabled={paths.length === 0}
          checked={fromDocuments && paths.length > 0}
          onChange={() => setFromDocuments(!fromDocuments)}
        />
        Answer from the chosen documents, in quotes
      </label>
      <details>
        <summary>Settings</summary>
        <div className="row settings">
          <label className="grow">
            <span>What the model is told first</span>
            <input
              value={system}
              lang={langOf(system)}
              onChange={({ target }) => set({ system: target.value })}
            />
          </label>
          <label>
            <span>Temperature</span>
            <input
              type="number"
              min={0}
              max={2}
              step={0.1}
              placeholder="default"
              value={temperature}
              onChange={({ target }) => set({ temperature: target.value })}
            />
          </label>
          <label>
            <span>Tokens at most</span>
            <input
              type="number"
              min={1}
              step={1}
              placeholder="default"
              value={maxOutputTokens}
              onChange={({ target }) => set({ maxOutputTokens: target.value })}
            />
          </label>
        </div>
      </details>
    </div>
  );
}
