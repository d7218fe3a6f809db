/** Rendering on a server and taking it over in a page: the same markup, no warnings, and a store that then works. */
import { act, fireEvent, within as inside, screen, waitFor } from '@testing-library/react';
import { StrictMode } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, expect, it, type MockInstance, vi } from 'vitest';
import {
  Citations,
  CitedText,
  Stages,
  StreamingText,
  TriviumProvider,
  useCapability,
  useDocuments,
  useJob,
  useJobs,
  useLongText,
} from '../src/index.js';
import { Chat } from './readme-chat.js';
import { createWire } from './wire.js';
import { countedWords, countWords } from './words.js';
import { cited } from './write-script.js';

let errors: MockInstance<typeof console.error>;
beforeEach(() => {
  errors = vi.spyOn(console, 'error').mockImplementation(() => {});
  sessionStorage.clear();
});
afterEach(() => {
  errors.mockRestore();
  vi.unstubAllGlobals();
});

/** The markup that a server makes, where there is neither a window nor a storage. */
function onServer(app: React.ReactNode): string {
  vi.stubGlobal('window', undefined);
  vi.stubGlobal('sessionStorage', undefined);
  const html = renderToString(app);
  vi.unstubAllGlobals();
  return html;
}

function Page() {
  const words = useCapability(countWords, { job: true });
  const report = useLongText();
  const { ask } = useDocuments(['docs']);
  const { status, jobs } = useJobs();
  const { job } = useJob('job1');
  return (
    <main>
      <button type="button" onClick={() => words.run({ text: 'a b' })}>
        run
      </button>
      <output>{words.status}</output>
      <StreamingText text={words.text} />
      <Stages stages={report.stages} />
      <CitedText text="Alpha [1] and [1, 2], `code[1]`" citations={[cited]} />
      <Citations citations={[cited]} />
      <p>
        {ask.status} {status} {jobs.length} {job?.status}
      </p>
    </main>
  );
}

/** The page in which React takes the markup of a server over. */
async function takenOver(html: string, app: React.ReactNode) {
  const container = document.createElement('div');
  document.body.append(container);
  container.innerHTML = html;
  const recovered: unknown[] = [];
  const root = await act(async () =>
    hydrateRoot(container, app, { onRecoverableError: (error) => recovered.push(error) }),
  );
  const leave = async () => {
    await act(async () => root.unmount());
    container.remove();
  };
  return { container, recovered, leave };
}

it('renders on a server and is taken over without a warning, also with a job from before', async () => {
  const wire = createWire([countedWords]);
  const app = (
    <StrictMode>
      <TriviumProvider endpoint={{ baseUrl: '', fetch: wire.fetch }}>
        <Page />
      </TriviumProvider>
    </StrictMode>
  );
  const html = onServer(app);
  expect(html).toContain('<output>idle</output>');
  expect(wire.requests).toEqual([]);

  await wire.fetch('/v1/capabilities/words/count-words', {
    method: 'POST',
    headers: { prefer: 'respond-async' },
    body: JSON.stringify({ text: 'x y z' }),
  });
  sessionStorage.setItem('trivium:job:words/count-words', 'job1');

  const { container, recovered, leave } = await takenOver(html, app);
  await waitFor(() => expect(screen.getByRole('status').textContent).toBe('success'));
  expect(container.textContent).toContain('x\ny\nz');
  fireEvent.click(inside(container).getByRole('button'));
  await waitFor(() => expect(wire.jobs.size).toBe(2));
  await waitFor(() => expect(screen.getByRole('status').textContent).toBe('success'));
  expect(recovered).toEqual([]);
  expect(errors).not.toHaveBeenCalled();
  await leave();
});

it('renders the chat of the README on a server, whose conversation the page then knows', async () => {
  const wire = createWire([]);
  const app = (
    <StrictMode>
      <TriviumProvider endpoint={{ baseUrl: '', fetch: wire.fetch }}>
        <Chat />
      </TriviumProvider>
    </StrictMode>
  );
  const html = onServer(app);
  expect(html).toContain('Send');
  const { container, recovered, leave } = await takenOver(html, app);
  const id = sessionStorage.getItem('conversation');
  await waitFor(() => expect(wire.requests).toContain(`GET /api/chat/${id}/stream`));
  fireEvent.click(inside(container).getByRole('button'));
  await waitFor(() => expect(wire.requests).toContain('POST /api/chat'));
  await waitFor(() => expect(container.textContent).toContain('assistant: '));
  expect(recovered).toEqual([]);
  expect(errors).not.toHaveBeenCalled();
  await leave();
});
