/** Server-sent events: what is told of, and who closes the connection when. */
import { expect, it } from 'vitest';
import { eventsOf } from '../src/index.js';

/** A connection that sends this and stays open, and whether it has been closed from here. */
function quiet(text: string) {
  let isClosed = false;
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
    cancel: () => {
      isClosed = true;
    },
  });
  return { response: new Response(body), isClosed: () => isClosed };
}

it('events end for who waits for the next one, and their connection closes, when they are left', async () => {
  const { response, isClosed } = quiet('id: 1\ndata: one\n\n');
  const events = eventsOf(response);
  expect((await events.next()).value).toEqual({ id: '1', data: 'one' });
  const waiting = events.next();
  await events.return();
  await expect.poll(isClosed).toBe(true);
  expect(await waiting).toEqual({ done: true, value: undefined });
});

it('events that nobody has asked for close their connection too', async () => {
  const { response, isClosed } = quiet('');
  await eventsOf(response).return();
  await expect.poll(isClosed).toBe(true);
  expect(await eventsOf(new Response(null)).next()).toEqual({ done: true, value: undefined });
});

it('events leave the body alone until the first is asked for', async () => {
  const { response } = quiet('data: one\n\n');
  const events = eventsOf(response);
  expect(response.body!.locked).toBe(false);
  expect((await events.next()).value).toEqual({ data: 'one' });
  await events.return();
});
