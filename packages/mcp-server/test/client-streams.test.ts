/** A call fails by the fate of its own stream: taken up again wherever it breaks, left where nobody waits, failed where it is lost. */
import { connectMcp } from '@trivium/mcp-server/client';
import { expect, it, onTestFinished } from 'vitest';
import { kitchenAnswers } from './support/kitchen.js';

const said = (text: string) => ({ content: [{ type: 'text', text }], isError: false });

/** A stream of events, and what is written into it. */
function eventStream() {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let isLeft = false;
  const body = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given;
    },
    cancel: () => {
      isLeft = true;
    },
  });
  return {
    response: new Response(body, { headers: { 'content-type': 'text/event-stream' } }),
    write: (text: string) => controller.enqueue(new TextEncoder().encode(text)),
    cut: () => controller.error(new TypeError('terminated')),
    isLeft: () => isLeft,
  };
}

/** @param answerGet answers whoever comes back to the stream of a call */
async function calling(answerGet: (lastEventId: string) => Response) {
  const own = eventStream();
  const asked: string[] = [];
  let request: unknown;
  const results = kitchenAnswers('2025-11-25');
  const connection = await connectMcp({
    url: 'http://localhost/mcp',
    fetch: async (_input, { method: verb, body, headers } = {}) => {
      if (verb !== 'POST') {
        const lastEventId = new Headers(headers).get('last-event-id');
        asked.push(`${verb} ${lastEventId}`);
        return lastEventId === null ? new Response('', { status: 405 }) : answerGet(lastEventId);
      }
      const { method, id } = JSON.parse(body as string);
      asked.push(method);
      if (method === 'tools/call') {
        request = id;
        return own.response;
      }
      const result = results[method];
      return result
        ? Response.json({ jsonrpc: '2.0', id, result }, { headers: { 'mcp-session-id': 'one' } })
        : new Response(null, { status: 202 });
    },
  });
  onTestFinished(() => connection.close());
  const controller = new AbortController();
  const answer = connection.tools().steep!.execute!(
    {},
    { toolCallId: 'call', messages: [], abortSignal: controller.signal },
  ) as Promise<unknown>;
  answer.catch(() => {});
  await expect.poll(() => request).toBeDefined();
  const event = (message: object) =>
    `data: ${JSON.stringify({ jsonrpc: '2.0', id: request, ...message })}\n\n`;
  return { own, asked, answer, event, abort: () => controller.abort() };
}

const priming = 'id: 7\nretry: 1\ndata: \n\n';
const lost = { code: 'network', message: expect.stringContaining('before it answered') };

it('that breaks again and again is taken up behind the last whole event', async () => {
  const resumed = [eventStream(), eventStream()];
  const left = [...resumed];
  const { own, asked, answer, event } = await calling(() => left.shift()!.response);
  own.write(`${priming}id: 8\ndata: {"jsonrpc":`);
  own.cut();
  await expect.poll(() => left.length).toBe(1);
  resumed[0]!.cut();
  await expect.poll(() => left.length).toBe(0);
  resumed[1]!.write(event({ result: said('late') }));
  expect(await answer).toEqual({ content: said('late').content });
  expect(asked.filter((line) => /^GET \d/.test(line))).toEqual(['GET 7', 'GET 7']);
  await expect.poll(() => resumed[1]!.isLeft()).toBe(true);
});

it('that breaks without an event to go on from fails its call at once', async () => {
  const { own, answer } = await calling(() => new Response('', { status: 500 }));
  own.cut();
  await expect(answer).rejects.toMatchObject(lost);
});

it.each([400, 404])('that the server refuses with %i fails its call', async (status) => {
  const { own, answer, asked } = await calling(() => new Response('', { status }));
  own.write(priming);
  own.cut();
  await expect(answer).rejects.toMatchObject(lost);
  expect(asked.filter((line) => line === 'GET 7')).toHaveLength(1);
});

it('that cannot be had again for a while is asked for a few times', async () => {
  const { own, answer, asked } = await calling(() => {
    throw new TypeError('fetch failed');
  });
  own.write(priming);
  own.cut();
  await expect(answer).rejects.toMatchObject(lost);
  expect(asked.filter((line) => line === 'GET 7')).toHaveLength(5);
});

it('that was answered with an error, or cancelled, is left and never asked for again', async () => {
  for (const end of ['error', 'cancel']) {
    const { own, answer, asked, event, abort } = await calling(() => new Response('', { status: 500 }));
    own.write(priming);
    if (end === 'cancel') abort();
    else own.write(event({ error: { code: -32602, message: 'no' } }));
    await expect(answer).rejects.toMatchObject({ code: end === 'cancel' ? 'cancelled' : 'invalid-argument' });
    await expect.poll(() => own.isLeft()).toBe(true);
    expect(asked.filter((line) => line === 'GET 7')).toEqual([]);
  }
});
