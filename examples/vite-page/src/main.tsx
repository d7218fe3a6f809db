/** A page that asks the documents of a server: `trivium serve --root ./docs`, then `npm run dev`. */
import { TriviumError } from '@trivium/protocol';
import { StreamingText, TriviumProvider, useDocuments } from '@trivium/react';
import { type FormEvent, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

function Documents() {
  const { ask } = useDocuments(['.']);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    ask.run({ question: String(new FormData(event.currentTarget).get('question')) });
  };
  return (
    <main>
      <form onSubmit={submit}>
        <label>
          Question <input name="question" required />
        </label>
        <button type="submit">Ask</button>
      </form>
      <p role="status">{ask.status}</p>
      <StreamingText text={ask.text} isStreaming={ask.status === 'running'} />
      <ul>
        {ask.data?.citations.map(({ path, start, text }) => (
          <li key={`${path}:${start}`}>
            <cite>{path}</cite> <q>{text}</q>
          </li>
        ))}
      </ul>
      {TriviumError.isInstance(ask.error) && <p role="alert">{`${ask.error.code}: ${ask.error.message}`}</p>}
    </main>
  );
}

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <TriviumProvider endpoint={{ baseUrl: '' }}>
      <Documents />
    </TriviumProvider>
  </StrictMode>,
);
