/** `useChat` in Chromium: an answer streams, is stopped on the server, and is taken up again by the next page. */
import type { UIMessage } from '@ai-sdk/react';
import { describe, expect, it, vi } from 'vitest';
import { useChat } from '../../src/chat/index.js';
import { mount, noBrowser, seen } from './page.js';

const words = (count: number) => Array.from({ length: count }, (_, index) => `word ${index + 1} `).join('');

function Chat({ id, say, resume = false }: { id: string; say: string; resume?: boolean }) {
  const earlier: UIMessage[] = resume
    ? [{ id: 'q', role: 'user', parts: [{ type: 'text', text: say }] }]
    : [];
  const { messages, status, sendMessage, stop } = useChat({ id, resume, messages: earlier });
  const answers = messages.filter(({ role }) => role === 'assistant');
  return (
    <>
      <button type="button" onClick={() => sendMessage({ text: say })}>
        send
      </button>
      <button type="button" onClick={() => stop()}>
        stop
      </button>
      <p data-testid="status">{status}</p>
      <p data-testid="answers">
        {answers.map(({ parts }) => parts.map((part) => (part.type === 'text' ? part.text : ''))).join('|')}
      </p>
    </>
  );
}

describe.skipIf(noBrowser)(`useChat in Chromium${noBrowser}`, () => {
  it('streams and stops on the server', async () => {
    const page = mount(<Chat id="stopped" say="2000 5" />);
    await page.press('send');
    await page.shows('answers', /word 3/);
    await page.press('stop');
    await page.shows('status', 'ready');
    await vi.waitFor(
      async () => expect((await seen()).requests).toContain('POST /api/chat/stopped/cancel'),
      10_000,
    );
  });

  it('is taken up again by the next page, whole', async () => {
    const before = mount(<Chat id="resumed" say="100 20" />);
    await before.press('send');
    await before.shows('answers', /word 3/);
    before.unmount();
    const after = mount(<Chat id="resumed" say="100 20" resume />);
    await after.shows('answers', words(100));
    await after.shows('status', 'ready');
    expect((await seen()).requests).not.toContain('POST /api/chat/resumed/cancel');
  });
});
