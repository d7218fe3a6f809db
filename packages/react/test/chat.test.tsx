/** `useChat` of the AI SDK over our transport: streaming, a stop that reaches the server, and taking up an answer again. */
import { type UIMessage, useChat as useAiChat } from '@ai-sdk/react';
import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import { StrictMode } from 'react';
import { describe, expect, it } from 'vitest';
import { createChatTransport, useChat } from '../src/chat/index.js';
import { TriviumProvider } from '../src/index.js';
import { createWire, type Wire } from './wire.js';

const textOf = (message: UIMessage | undefined) =>
  message?.parts.map((part) => (part.type === 'text' ? part.text : '')).join('') ?? '';

const asked = (text: string): UIMessage => ({ id: 'q', role: 'user', parts: [{ type: 'text', text }] });

function Chat({
  say,
  resume = false,
  onError,
  onFinish,
}: {
  say: string;
  resume?: boolean;
  onError?: (error: Error) => void;
  onFinish?: (end: { isAbort: boolean; message: UIMessage }) => void;
}) {
  const chat = useChat({
    id: 'chat 1',
    resume,
    model: 'nano',
    body: { temperature: 0 },
    ...(onError && { onError }),
    ...(onFinish && { onFinish }),
    messages: resume ? [asked(say)] : [],
  });
  return (
    <>
      <button type="button" onClick={() => chat.sendMessage({ text: say })}>
        send
      </button>
      <button type="button" onClick={() => chat.stop()}>
        stop
      </button>
      <output>{chat.status}</output>
      <p data-testid="answer">{textOf(chat.messages.filter(({ role }) => role === 'assistant').at(-1))}</p>
      <p data-testid="answers">{chat.messages.filter(({ role }) => role === 'assistant').length}</p>
      <p data-testid="error">{(chat.error as { code?: string } | undefined)?.code}</p>
    </>
  );
}

const page = (wire: Wire, children: React.ReactNode) => (
  <StrictMode>
    <TriviumProvider
      endpoint={{ baseUrl: 'http://wire.invalid/', fetch: wire.fetch, headers: { authorization: 'key' } }}
    >
      {children}
    </TriviumProvider>
  </StrictMode>
);
/** A network on which requests to paths with that end are under way until they `arrive`. */
function slowly(wire: Wire, end: string) {
  let arrive = () => {};
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  const fetch: typeof globalThis.fetch = async (target, init) => {
    const left = new Promise<never>((_, reject) =>
      init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)),
    );
    if (String(target).endsWith(end)) await Promise.race([arrived, left]);
    return wire.fetch(target, init);
  };
  return { fetch, arrive };
}

const answer = (text: string) =>
  waitFor(() => expect(screen.getByTestId('answer').textContent?.trim()).toBe(text));
const begins = () => waitFor(() => expect(screen.getByTestId('answer').textContent).toContain('word 3 '));
const status = (text: string) => waitFor(() => expect(screen.getByRole('status').textContent).toBe(text));
const press = (name: string) => fireEvent.click(screen.getByRole('button', { name }));
const cancelled = 'POST /api/chat/chat%201/cancel';

describe('useChat', () => {
  it('streams an answer, with the headers of the endpoint and the model in the body', async () => {
    const wire = createWire([]);
    const bodies: Record<string, unknown>[] = [];
    const fetch: typeof globalThis.fetch = (target, init) => {
      bodies.push(JSON.parse(String(init?.body)));
      return wire.fetch(target, init);
    };
    render(page({ ...wire, fetch }, <Chat say="3" />));
    press('send');
    await answer('word 1 word 2 word 3');
    await status('ready');
    expect(wire.requests).toEqual(['POST /api/chat']);
    expect(wire.headers[0]?.authorization).toBe('key');
    expect(bodies[0]).toMatchObject({
      id: 'chat 1',
      trigger: 'submit-message',
      model: 'nano',
      temperature: 0,
    });
  });

  // What older versions of `@ai-sdk/react` do not: they keep the transport of the first render.
  it('sends what is set now, not what was when the page came', async () => {
    const wire = createWire([]);
    const bodies: Record<string, unknown>[] = [];
    const fetch: typeof globalThis.fetch = (target, init) => {
      bodies.push(JSON.parse(String(init?.body)));
      return wire.fetch(target, init);
    };
    function Settings({ model, paths }: { model: string; paths: string[] }) {
      const { sendMessage, status: state } = useChat({ model, documents: { paths } });
      return (
        <>
          <button type="button" onClick={() => sendMessage({ text: '1' })}>
            send
          </button>
          <output>{state}</output>
        </>
      );
    }
    const { rerender } = render(page({ ...wire, fetch }, <Settings model="nano" paths={['a.md']} />));
    rerender(page({ ...wire, fetch }, <Settings model="other" paths={['b.md']} />));
    press('send');
    await waitFor(() => expect(bodies).toHaveLength(1));
    await status('ready');
    expect(bodies[0]).toMatchObject({ model: 'other', documents: { paths: ['b.md'] } });
  });

  it('stops the answer on the server', async () => {
    const wire = createWire([]);
    render(page(wire, <Chat say="1000 5" />));
    press('send');
    await begins();
    press('stop');
    await status('ready');
    await waitFor(() => expect(wire.requests).toContain(cancelled));
    const { status: resumed } = await wire.fetch('/api/chat/chat%201/stream');
    expect(resumed).toBe(204);
  });

  it('stops an answer whose message is behind the stop', async () => {
    const wire = createWire([]);
    const { fetch, arrive } = slowly(wire, '/api/chat');
    render(page({ ...wire, fetch }, <Chat say="1000 5" />));
    press('send');
    await status('submitted');
    press('stop');
    await status('ready');
    await waitFor(() => expect(wire.requests).toEqual([cancelled]));
    arrive();
    await waitFor(() => expect(wire.requests).toEqual([cancelled, 'POST /api/chat', cancelled]));
    const { status: resumed } = await wire.fetch('/api/chat/chat%201/stream');
    expect(resumed).toBe(204);
  });

  it('stops an answer whose message is behind the stop, which ends the answer before it', async () => {
    const wire = createWire([]);
    const slow = slowly(wire, '/api/chat');
    let isSlow = false;
    const fetch: typeof globalThis.fetch = (...call) => (isSlow ? slow : wire).fetch(...call);
    render(page({ ...wire, fetch }, <Chat say="1000 5" />));
    press('send');
    await begins();
    isSlow = true;
    press('send');
    await status('submitted');
    press('stop');
    await status('ready');
    await waitFor(() => expect(wire.requests).toEqual(['POST /api/chat', cancelled]));
    slow.arrive();
    await waitFor(() =>
      expect(wire.requests).toEqual(['POST /api/chat', cancelled, 'POST /api/chat', cancelled]),
    );
    const { status: resumed } = await wire.fetch('/api/chat/chat%201/stream');
    expect(resumed).toBe(204);
  });

  it('ends as aborted where the answer was stopped elsewhere', async () => {
    const wire = createWire([]);
    const ends: object[] = [];
    render(page(wire, <Chat say="1000 5" onFinish={(end) => ends.push(end)} />));
    press('send');
    await begins();
    await wire.fetch('/api/chat/chat%201/cancel', { method: 'POST' });
    await status('ready');
    expect(ends).toMatchObject([{ isAbort: true, isError: false, isDisconnect: false }]);
    expect(screen.getByTestId('answer').textContent).toContain('word 3 ');
  });

  it.each(['stopped', 'taken up again'])('is %s on the server that it began on', async (how) => {
    const [first, second] = [createWire([]), createWire([])];
    const at = (wire: Wire, baseUrl: string) => (
      <TriviumProvider endpoint={{ baseUrl, fetch: wire.fetch }}>
        <Chat say="100 5" resume />
      </TriviumProvider>
    );
    const { rerender } = render(at(first, 'http://first.invalid'));
    await waitFor(() => expect(first.requests).toHaveLength(1));
    press('send');
    await begins();
    rerender(at(second, 'http://second.invalid'));
    if (how === 'stopped') {
      press('stop');
      await waitFor(() => expect(first.requests).toContain(cancelled));
    } else {
      first.breakConnections();
      await status('error');
      fireEvent(document, new Event('visibilitychange'));
      await answer(Array.from({ length: 100 }, (_, index) => `word ${index + 1}`).join(' '));
    }
    await status('ready');
    expect(second.requests).toEqual([]);
    press('send');
    await waitFor(() => expect(second.requests).toEqual(['POST /api/chat']));
    press('stop');
    await waitFor(() => expect(second.requests).toEqual(['POST /api/chat', cancelled]));
  });

  it('leaves the answer alone when its page goes, and the next page takes it up again', async () => {
    const wire = createWire([]);
    const { unmount } = render(page(wire, <Chat say="100 20" resume />));
    await status('ready');
    press('send');
    await begins();
    unmount();
    expect(wire.requests).not.toContain(cancelled);
    render(page(wire, <Chat say="100 20" resume />));
    await status('ready');
    await answer(Array.from({ length: 100 }, (_, index) => `word ${index + 1}`).join(' '));
    expect(screen.getByTestId('answers').textContent).toBe('1');
  });

  it.each([
    ['in the same moment', '/api/chat'],
    ['while it is on its way', '/api/chat'],
    ['while the stop before it is', '/cancel'],
  ])(
    'sends a message though its page is left %s, and the next page gets the answer',
    async (moment, slow) => {
      const wire = createWire([]);
      const { fetch, arrive } = slowly(wire, slow);
      const all = Array.from({ length: 20 }, (_, index) => `word ${index + 1}`).join(' ');
      const ends: boolean[] = [];
      const { unmount } = render(
        page({ ...wire, fetch }, <Chat say="20 5" resume onFinish={({ isAbort }) => ends.push(isAbort)} />),
      );
      await status('ready');
      if (moment === 'while the stop before it is') press('stop');
      press('send');
      if (moment !== 'in the same moment') await status('submitted');
      unmount();
      arrive();
      await waitFor(() => expect(ends).toEqual([true]));
      expect(wire.requests).toContain('POST /api/chat');
      render(page(wire, <Chat say="20 5" resume />));
      await answer(all);
      expect(screen.getByTestId('answers').textContent).toBe('1');
    },
  );

  it.each([
    [true, 'a part of it where the next page takes it up', 'some'],
    [false, 'all of it where nobody does', 'all'],
  ])('with resume %s, ends for a page that is left with %s', async (resume, _, told) => {
    const wire = createWire([]);
    const ends: [isAbort: boolean, text: string][] = [];
    const { unmount } = render(
      page(
        wire,
        <Chat
          say="20 5"
          resume={resume}
          onFinish={({ isAbort, message }) => ends.push([isAbort, textOf(message)])}
        />,
      ),
    );
    await status('ready');
    press('send');
    await begins();
    unmount();
    await waitFor(() => expect(ends).toHaveLength(1));
    expect(ends[0]![0]).toBe(told === 'some');
    expect(ends[0]![1].includes('word 20')).toBe(told === 'all');
  });

  it('takes an answer that broke off up in its place, by itself when the page is seen again', async () => {
    const wire = createWire([]);
    render(page(wire, <Chat say="100 5" resume />));
    press('send');
    await begins();
    wire.breakConnections();
    await status('error');
    fireEvent(document, new Event('visibilitychange'));
    await status('ready');
    await answer(Array.from({ length: 100 }, (_, index) => `word ${index + 1}`).join(' '));
    expect(screen.getByTestId('answers').textContent).toBe('1');
  });

  it('gives the next page an answer that ended while there was none, and gives it once', async () => {
    const wire = createWire([]);
    const { unmount } = render(page(wire, <Chat say="20 5" resume />));
    await status('ready');
    press('send');
    await begins();
    unmount();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const next = render(page(wire, <Chat say="20 5" resume />));
    await answer(Array.from({ length: 20 }, (_, index) => `word ${index + 1}`).join(' '));
    await status('ready');
    next.unmount();
    expect((await wire.fetch('/api/chat/chat%201/stream')).status).toBe(204);
  });

  it('is another conversation under another id, and keeps its own', async () => {
    const wire = createWire([]);
    function Conversation({ id }: { id: string }) {
      const { messages, sendMessage } = useChat({ id });
      return (
        <>
          <button type="button" onClick={() => sendMessage({ text: '2' })}>
            send
          </button>
          <p data-testid="answer">{messages.map(textOf).join(': ')}</p>
        </>
      );
    }
    const { rerender } = render(page(wire, <Conversation id="a" />));
    press('send');
    await answer('2: word 1 word 2');
    rerender(page(wire, <Conversation id="a" />));
    await answer('2: word 1 word 2');
    rerender(page(wire, <Conversation id="b" />));
    await answer('');
  });

  // What `@ai-sdk/react` does from 3.0.307 and 4.0.141 on.
  it('takes up the answer of a conversation that its page comes back to', async () => {
    const wire = createWire([]);
    function Conversation({ id }: { id: string }) {
      const { messages, sendMessage } = useChat({ id, resume: true });
      return (
        <>
          <button type="button" onClick={() => sendMessage({ text: '40 5' })}>
            send
          </button>
          <p data-testid="answer">{textOf(messages.filter(({ role }) => role === 'assistant').at(-1))}</p>
        </>
      );
    }
    const { rerender } = render(page(wire, <Conversation id="a" />));
    press('send');
    await begins();
    rerender(page(wire, <Conversation id="b" />));
    await answer('');
    rerender(page(wire, <Conversation id="a" />));
    await answer(Array.from({ length: 40 }, (_, index) => `word ${index + 1}`).join(' '));
  });

  it('sends a message once the stop before it has reached the server, whatever the stop takes', async () => {
    const wire = createWire([]);
    let isTold = () => {};
    const told = new Promise<void>((resolve) => (isTold = resolve));
    const fetch: typeof globalThis.fetch = async (target, init) => {
      if (String(target).endsWith('/cancel')) await told;
      return wire.fetch(target, init);
    };
    render(page({ ...wire, fetch }, <Chat say="20 5" />));
    press('send');
    await begins();
    press('stop');
    await status('ready');
    press('send');
    await status('submitted');
    // One that waits can be stopped too.
    press('stop');
    await status('ready');
    press('send');
    isTold();
    await answer(Array.from({ length: 20 }, (_, index) => `word ${index + 1}`).join(' '));
    expect(wire.requests).toEqual(['POST /api/chat', cancelled, cancelled, 'POST /api/chat']);
  });

  it('has nothing to take up where nothing runs', async () => {
    const wire = createWire([]);
    render(page(wire, <Chat say="1" resume />));
    await waitFor(() => expect(wire.requests).toContain('GET /api/chat/chat%201/stream'));
    await status('ready');
    expect(screen.getByTestId('answers').textContent).toBe('0');
  });

  it('shows the error of the server with its code', async () => {
    const wire = createWire([]);
    const fetch: typeof globalThis.fetch = async () =>
      new Response('{"error":{"code":"busy","message":"Too many."}}', { status: 429 });
    const errors: Error[] = [];
    render(page({ ...wire, fetch }, <Chat say="1" onError={(error) => errors.push(error)} />));
    press('send');
    await status('error');
    expect(screen.getByTestId('error').textContent).toBe('busy');
    expect(errors).toHaveLength(1);
  });
});

describe('the transport by itself', () => {
  it('serves the useChat of the AI SDK', async () => {
    const wire = createWire([]);
    const transport = createChatTransport({ baseUrl: '', fetch: wire.fetch });
    function Plain() {
      const { messages, sendMessage } = useAiChat({ transport });
      return (
        <>
          <button type="button" onClick={() => sendMessage({ text: '2' })}>
            send
          </button>
          <p data-testid="answer">{textOf(messages.at(-1))}</p>
        </>
      );
    }
    render(<Plain />);
    press('send');
    await answer('word 1 word 2');
  });
});
