/** The capability as a hook: the page knows the contract and where the server is, and nothing of the engine. */
import { TriviumProvider, useCapability } from '@trivium/react';
import { createRoot } from 'react-dom/client';
import { count } from 'trivium-plugin-word-count/contract';

function WordCount() {
  const words = useCapability(count);
  const steps = [
    ['Count', { texts: ['How many?', '三个词在这里'] }],
    ['Count slowly', { texts: ['one', 'two'], pauseMs: 600_000 }],
  ] as const;
  return (
    <main>
      <h1>Word count</h1>
      {steps.map(([label, input]) => (
        <button key={label} type="button" onClick={() => words.run({ ...input, texts: [...input.texts] })}>
          {label}
        </button>
      ))}
      <button type="button" onClick={words.stop}>
        Stop
      </button>
      <p role="status">{words.status}</p>
      {words.progress && (
        <progress aria-label="texts" value={words.progress.done} max={words.progress.total} />
      )}
      {words.data && <p>{words.data.total} words</p>}
      {words.error && <p role="alert">{words.error.message}</p>}
    </main>
  );
}

const baseUrl = new URLSearchParams(location.search).get('server') ?? '';
createRoot(document.body.appendChild(document.createElement('div'))).render(
  <TriviumProvider endpoint={{ baseUrl }}>
    <WordCount />
  </TriviumProvider>,
);
