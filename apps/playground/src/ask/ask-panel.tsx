/** A question about the chosen documents, and its answer with the places it stands on. */
import { contracts, type OutputOf } from '@trivium/protocol';
import { Citations, type Documents, StreamingText, useDocuments } from '@trivium/react';
import { type FormEvent, useId, useState } from 'react';
import { ModelLine } from '../parts/model-line.js';
import { ErrorNotice } from '../parts/notice.js';
import { ReadingLine } from '../parts/reading-line.js';
import type { Meter } from '../server/meter.js';
import { useMeter } from '../server/use-meter.js';
import { placeOf } from '../source/place-of.js';
import type { OpenPlace } from '../source/use-source.js';
import { langOf } from '../text/lang-of.js';
import { Markdown } from '../text/markdown.js';

export interface PanelProps {
  paths: readonly string[];
  /** Empty, which a chat alone may have: the server's own. */
  model: string;
  meter: Meter;
  onOpen: OpenPlace;
}

export function AskPanel({ paths, model, meter, onOpen }: PanelProps) {
  const { read, ask } = useDocuments(paths);
  const [question, setQuestion] = useState('');
  const [asked, setAsked] = useState('');
  const [writes, setWrites] = useState(false);
  const id = useId();
  const isRunning = read.status === 'running' || ask.status === 'running';
  useMeter(meter, ask.status === 'running', ask.text.length > 0);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isRunning || question.trim() === '' || paths.length === 0) return;
    setAsked(question);
    ask.reset();
    // Reading tells what could not be read; the answer is made of what it leaves ready.
    if (await read.run({})) await ask.run({ question, limit: 5, ...(writes && { model }) });
  };
  return (
    <>
      <form onSubmit={submit} className="ask">
        <label htmlFor={id}>Question</label>
        <div className="row">
          <input
            id={id}
            value={question}
            lang={langOf(question)}
            placeholder="What do the documents say about …?"
            onChange={({ target }) => setQuestion(target.value)}
          />
          {/* Keys: were it one element, the click that stops would go on as one that submits. */}
          {isRunning ? (
            <button
              key="stop"
              type="button"
              onClick={() => void (ask.status === 'running' ? ask : read).stop()}
            >
              Stop
            </button>
          ) : (
            <button
              key="ask"
              type="submit"
              className="primary"
              disabled={question.trim() === '' || paths.length === 0}
            >
              Ask
            </button>
          )}
        </div>
        <label className="check">
          <input type="checkbox" checked={writes} onChange={() => setWrites(!writes)} />
          Let the model write the answer; without it the answer is made of quotes
        </label>
        {paths.length === 0 && <p className="muted">Choose or drop a document first.</p>}
      </form>
      <ReadingLine read={read} />
      <ModelLine loading={loadingOf(ask)} />
      <ErrorNotice error={ask.error} />
      <section aria-label="Answer" aria-live="polite" aria-busy={ask.status === 'running'}>
        {ask.status === 'running' && <StreamingText className="draft" text={ask.text} isStreaming />}
        {ask.data && <Answer question={asked} answer={ask.data} onOpen={onOpen} />}
      </section>
    </>
  );
}

/** Of the model that is to write the answer; its text shows that it is there. */
function loadingOf({ status, progress }: Documents['ask']) {
  if (status !== 'running') return undefined;
  const isLoading = progress?.type === 'download-progress' || progress?.type === 'load-progress';
  return isLoading ? contracts.modelFigures(progress) : undefined;
}

interface AnswerProps {
  question: string;
  answer: OutputOf<typeof contracts.ask>;
  onOpen: OpenPlace;
}

function Answer({ question, answer: { text, citations, mode, ms }, onOpen }: AnswerProps) {
  return (
    <article className="answer">
      <h2 lang={langOf(question)}>{question}</h2>
      <Markdown text={text} citations={citations} idPrefix="answer" onOpen={onOpen} placeOf={placeOf} />
      <p className="muted">
        {mode === 'extractive'
          ? 'Quotes of the documents, chosen without a model'
          : 'Written by the model, citations checked'}
        {` · ${Math.round(ms)} ms`}
      </p>
      <h3>Sources</h3>
      <Citations
        className="sources"
        citations={citations}
        idPrefix="answer"
        onOpen={onOpen}
        placeOf={placeOf}
      />
    </article>
  );
}
