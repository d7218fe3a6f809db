/** The hooks under StrictMode: what they show, what they send, and that nothing runs twice. */

import { act, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { contracts, implement } from '@trivium/protocol';
import { StrictMode, useEffect, useState } from 'react';
import { describe, expect, it } from 'vitest';
import {
  StreamingText,
  TriviumProvider,
  useCapability,
  useDocuments,
  useEndpoint,
  useJob,
  useJobs,
  useLongText,
  useUploads,
} from '../src/index.js';
import { createWire, type Wire } from './wire.js';
import { countedWords, countWords } from './words.js';
import { cited, scriptedWriting } from './write-script.js';

const within = (wire: Wire, children: React.ReactNode, headers: Record<string, string> = {}) => (
  <StrictMode>
    <TriviumProvider endpoint={{ baseUrl: '', fetch: wire.fetch, headers }}>{children}</TriviumProvider>
  </StrictMode>
);

function Words({
  input,
  job,
}: {
  input: Parameters<ReturnType<typeof useCapability<typeof countWords>>['run']>[0];
  job?: boolean;
}) {
  const words = useCapability(countWords, { job });
  return (
    <>
      <button type="button" onClick={() => words.run(input)}>
        run
      </button>
      <button type="button" onClick={words.stop}>
        stop
      </button>
      <button type="button" onClick={words.reset}>
        reset
      </button>
      <output>{words.status}</output>
      <p data-testid="data">{words.status === 'success' ? words.data.words : ''}</p>
      <p data-testid="done">{words.progress?.done ?? 0}</p>
      <p data-testid="error">{words.error?.code}</p>
      <StreamingText data-testid="text" text={words.text} isStreaming={words.status === 'running'} />
    </>
  );
}

const shows = (id: string, text: string) =>
  waitFor(() => expect(screen.getByTestId(id).textContent).toBe(text));
const status = (text: string) => waitFor(() => expect(screen.getByRole('status').textContent).toBe(text));
const press = (name: string) => fireEvent.click(screen.getByRole('button', { name }));

describe('useCapability', () => {
  it('runs once, streams, and is run again', async () => {
    const wire = createWire([countedWords]);
    render(within(wire, <Words input={{ text: 'one two three' }} />));
    await status('idle');
    press('run');
    await status('success');
    await shows('data', '3');
    await shows('done', '3');
    await shows('text', 'one\ntwo\nthree\n');
    expect(wire.requests).toEqual(['POST /v1/capabilities/words/count-words']);
    press('run');
    await waitFor(() => expect(wire.requests).toHaveLength(2));
    await status('success');
    press('reset');
    await status('idle');
    await shows('text', '');
  });

  it('stops, also when its component goes', async () => {
    const wire = createWire([countedWords]);
    const input = { text: 'a '.repeat(100).trim(), pauseMs: 5 };
    const { unmount } = render(within(wire, <Words input={input} />));
    press('run');
    await waitFor(() => expect(Number(screen.getByTestId('done').textContent)).toBeGreaterThan(1));
    press('stop');
    await status('cancelled');
    await waitFor(() => expect(wire.aborted).toHaveLength(1));
    press('run');
    await waitFor(() => expect(wire.requests).toHaveLength(2));
    await waitFor(() => expect(Number(screen.getByTestId('done').textContent)).toBeGreaterThan(1));
    unmount();
    await waitFor(() => expect(wire.aborted).toHaveLength(2));
  });

  it('shows the code of an error', async () => {
    render(within(createWire([countedWords]), <Words input={{ text: 'fail' }} />));
    press('run');
    await status('error');
    await shows('error', 'unsupported');
  });

  it('as a job survives its component and a new one finds it', async () => {
    sessionStorage.clear();
    const wire = createWire([countedWords]);
    const input = { text: 'a b c d e f g h', pauseMs: 10 };
    const { unmount } = render(within(wire, <Words input={input} job />));
    press('run');
    await waitFor(() => expect(Number(screen.getByTestId('done').textContent)).toBeGreaterThan(1));
    unmount();
    render(within(wire, <Words input={input} job />));
    await status('success');
    await shows('data', '8');
    await shows('text', 'a\nb\nc\nd\ne\nf\ng\nh\n');
    expect(wire.aborted).toEqual([]);
    expect(wire.jobs.size).toBe(1);
    sessionStorage.clear();
  });

  it('as a job is stopped by a component that asks for it as it goes', async () => {
    sessionStorage.clear();
    const wire = createWire([countedWords]);
    function Stopping() {
      const { run, stop, progress } = useCapability(countWords, { job: true });
      useEffect(() => () => void stop(), [stop]);
      return (
        <button type="button" onClick={() => run({ text: 'a '.repeat(100).trim(), pauseMs: 10 })}>
          {progress?.done ?? 0}
        </button>
      );
    }
    const { unmount } = render(within(wire, <Stopping />));
    press('0');
    await waitFor(() => expect(Number(screen.getByRole('button').textContent)).toBeGreaterThan(1));
    unmount();
    await waitFor(() => expect(wire.jobs.get('job1')?.job.status).toBe('cancelled'));
    sessionStorage.clear();
  });

  it('called in an effect sends one request, whatever StrictMode does', async () => {
    const wire = createWire([countedWords]);
    function Eager() {
      const { run, status: state } = useCapability(countWords);
      useEffect(() => {
        void run({ text: 'a b' });
      }, [run]);
      return <output>{state}</output>;
    }
    render(within(wire, <Eager />));
    await status('success');
    expect(wire.requests).toHaveLength(1);
  });

  it('of another contract is another call', async () => {
    const other = { ...countWords, name: 'count-more' as const };
    const wire = createWire([countedWords, implement(other, countedWords.run)]);
    function Either() {
      const [isOther, setOther] = useState(false);
      const { run, status: state } = useCapability(
        isOther ? (other as never as typeof countWords) : countWords,
      );
      return (
        <>
          <output>{state}</output>
          <button type="button" onClick={() => run({ text: 'a' })}>
            run
          </button>
          <button type="button" onClick={() => setOther(true)}>
            other
          </button>
        </>
      );
    }
    render(within(wire, <Either />));
    press('run');
    await status('success');
    press('other');
    await status('idle');
    press('run');
    await status('success');
    expect(wire.requests.at(-1)).toBe('POST /v1/capabilities/words/count-more');
  });
});

describe('TriviumProvider', () => {
  it('gives calls the headers of now without losing their state', async () => {
    const wire = createWire([countedWords]);
    const { rerender } = render(within(wire, <Words input={{ text: 'a' }} />, { authorization: 'one' }));
    press('run');
    await status('success');
    rerender(within(wire, <Words input={{ text: 'a' }} />, { authorization: 'two' }));
    await status('success');
    press('run');
    await waitFor(() => expect(wire.headers).toHaveLength(2));
    expect(wire.headers.map(({ authorization }) => authorization)).toEqual(['one', 'two']);
  });

  it('leaves a job on the server that it began on, with the headers that are meant for that one', async () => {
    const wire = createWire([countedWords]);
    const asked: string[] = [];
    const fetch: typeof globalThis.fetch = (url, init) => {
      const { host, pathname } = new URL(String(url));
      const { authorization } = { ...(init?.headers as Record<string, string>) };
      asked.push(`${host}${pathname.replace(/^\/v1/, '')} ${authorization}`);
      return wire.fetch(url, init);
    };
    const on = (host: string, authorization: string) => (
      <TriviumProvider endpoint={{ baseUrl: `http://${host}`, fetch, headers: { authorization } }}>
        <Words input={{ text: 'a b c d e f g h', pauseMs: 200 }} job />
      </TriviumProvider>
    );
    const { rerender } = render(on('one', 'key'));
    press('run');
    await shows('done', '1');
    rerender(on('one', 'newer key'));
    rerender(on('two', 'key of two'));
    wire.breakConnections();
    await shows('done', '3');
    await act(async () => press('stop'));
    await status('cancelled');
    press('run');
    await waitFor(() => expect(asked).toHaveLength(6));
    press('reset');
    expect(asked).toEqual([
      'one/capabilities/words/count-words key',
      'one/jobs/job1/events key',
      'one/jobs/job1/events newer key',
      'one/jobs/job1/cancel newer key',
      'two/capabilities/words/count-words key of two',
      'two/jobs/job2/events key of two',
    ]);
  });

  it("is not needed on the server's own page", () => {
    let baseUrl: string | undefined;
    function Show() {
      ({ baseUrl } = useEndpoint());
      return null;
    }
    render(<Show />);
    expect(baseUrl).toBe('');
  });
});

describe('useDocuments', () => {
  it('asks with progress and streaming text, and searches, over the same paths', async () => {
    const ask = implement<typeof contracts.ask>(contracts.ask, async function* () {
      yield { type: 'read-progress', path: 'a.md', done: 1, total: 1 };
      yield { type: 'warning', path: 'b.pdf', message: 'skipped, not a PDF' };
      yield { type: 'text-delta', text: 'Alpha ' };
      yield { type: 'text-delta', text: '[1]' };
      return { text: 'Alpha [1]', citations: [cited], mode: 'extractive' as const, ms: 1 };
    });
    const search = implement(contracts.search, async function* ({ query, paths }) {
      return { query: `${query} in ${paths}`, hits: [] };
    });
    function Page() {
      const docs = useDocuments(['docs']);
      return (
        <>
          <button type="button" onClick={() => docs.ask.run({ question: 'What?' })}>
            ask
          </button>
          <button type="button" onClick={() => docs.search.run({ query: 'x' })}>
            search
          </button>
          <output>{docs.ask.status}</output>
          <p data-testid="read">{docs.ask.progress?.type === 'read-progress' && docs.ask.progress.done}</p>
          <p data-testid="text">{String(docs.ask.text)}</p>
          <p data-testid="cited">{docs.ask.data?.citations.length}</p>
          <p data-testid="found">{docs.search.data?.query}</p>
        </>
      );
    }
    render(within(createWire([ask, search]), <Page />));
    press('ask');
    await status('success');
    await shows('read', '1');
    await shows('text', 'Alpha [1]');
    await shows('cited', '1');
    await shows('found', '');
    press('search');
    await shows('found', 'x in docs');
  });
});

describe('useLongText', () => {
  it('shows stages as they stream and the finished text', async () => {
    const wire = createWire([scriptedWriting().implementation]);
    function Report() {
      const report = useLongText();
      return (
        <>
          <button type="button" onClick={() => report.write({ paths: ['docs'], instruction: 'A briefing' })}>
            write
          </button>
          <output>{report.status}</output>
          <p data-testid="stages">{report.stages.map(({ status: state }) => state).join(' ')}</p>
          <p data-testid="text">{report.data?.text}</p>
        </>
      );
    }
    render(within(wire, <Report />));
    await shows('stages', 'waiting waiting waiting');
    press('write');
    await status('success');
    await shows('stages', 'finished finished finished');
    expect(screen.getByTestId('text').textContent).toContain('polish 1 [1]');
    expect(wire.requests).toHaveLength(1);
  });
});

describe('useJobs and useJob', () => {
  it('list, follow and cancel', async () => {
    const wire = createWire([countedWords]);
    sessionStorage.clear();
    function One({ id }: { id: string }) {
      const { job } = useJob(id);
      return <p data-testid="job">{job?.status}</p>;
    }
    function All() {
      const { jobs, cancel } = useJobs({ pollMs: 20 });
      return (
        <>
          {jobs.map(({ id }) => (
            <button type="button" key={id} onClick={() => cancel(id)}>
              cancel {id}
            </button>
          ))}
          {jobs[0] && <One id={jobs[0].id} />}
        </>
      );
    }
    render(
      within(
        wire,
        <>
          <Words input={{ text: 'a '.repeat(200).trim(), pauseMs: 5 }} job />
          <All />
        </>,
      ),
    );
    press('run');
    await shows('job', 'running');
    await act(async () => press('cancel job1'));
    await shows('job', 'cancelled');
    await status('cancelled');
    sessionStorage.clear();
  });
});

describe('useUploads', () => {
  it('shows what lies on another server once the endpoint is one, and clears where it lies', async () => {
    const removed: string[] = [];
    const fetch: typeof globalThis.fetch = async (url, { method } = {}) => {
      if (method === 'DELETE') removed.push(String(url));
      if (method === 'DELETE') return new Response(null, { status: 204 });
      return Response.json(method === 'POST' ? { id: 'f', path: 'f' } : { path: 'f/a.md', bytes: 1 });
    };
    let uploads: ReturnType<typeof useUploads> | undefined;
    function Page() {
      uploads = useUploads();
      return uploads.uploads.map(({ name, status }) => <output key={name}>{status}</output>);
    }
    // The same element each time: nothing but the store says that there is something to show.
    const children = <Page />;
    const on = (host: string) => (
      <StrictMode>
        <TriviumProvider endpoint={{ baseUrl: `http://${host}`, fetch }}>{children}</TriviumProvider>
      </StrictMode>
    );
    const { rerender } = render(on('one'));
    await act(() => uploads?.add([Object.assign(new Blob(['a']), { name: 'a.md' })]));
    await status('ready');
    rerender(on('two'));
    await status('error');
    await act(() => uploads?.clear());
    expect(removed).toEqual(['http://one/v1/scratch/f']);
  });
});
