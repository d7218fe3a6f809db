/**
 * Server-sent events from an async generator: nothing is read ahead of the client, a client that goes stops the work, and a
 * comment now and then keeps quiet connections open. Knows no protocol above that.
 */
import type { RouteCall } from './route.js';

/** Milliseconds between two comments to a client that waits. */
const heartbeatMs = 15_000;

/** Milliseconds that a call which was told to stop has for its last events, if a client still reads them. */
export const lastEventsMs = 2000;

export interface ServerEvent {
  /** JSON for all protocols here; holds no line break. */
  data: string;
  event?: string;
  id?: string | number;
}

/** An event as it travels. */
export function frameOf({ data, event, id }: ServerEvent): string {
  return `${event === undefined ? '' : `event: ${event}\n`}${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`;
}

/** The last event of OpenAI's and the AI SDK's streams. */
export const doneFrame = frameOf({ data: '[DONE]' });

export const eventStreamHeaders = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache',
  // Proxies that gather what they pass on would turn a stream into one piece.
  'x-accel-buffering': 'no',
};

/** @param frames whole events, as {@link frameOf} writes them */
export async function eventStream(
  call: Pick<RouteCall, 'leave' | 'until' | 'signal'>,
  frames: AsyncIterable<string>,
  headers: Record<string, string> = {},
): Promise<Response> {
  const encoder = new TextEncoder();
  const iterator = frames[Symbol.asyncIterator]();
  const { ready, next } = await readyFrames(iterator);
  let pending: Promise<IteratorResult<string>> | undefined = next;
  let settle!: () => void;
  const ended = new Promise<void>((resolve) => (settle = resolve));
  call.until(ended);
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let beat = () => {};
  const heartbeat = setInterval(() => beat(), heartbeatMs);
  heartbeat.unref();
  let deadline: NodeJS.Timeout | undefined;
  const disarm = () => {
    clearInterval(heartbeat);
    clearTimeout(deadline);
    call.signal.removeEventListener('abort', onAbort);
  };
  const end = () => {
    disarm();
    settle();
  };
  const stop = () => {
    disarm();
    // What does not heed its signal never gives the iterator back: the call ends without it.
    deadline = setTimeout(end, lastEventsMs);
    void Promise.resolve(iterator.return?.())
      .catch(() => {})
      .then(end);
  };
  const onAbort = () => {
    deadline = setTimeout(() => {
      stop();
      controller.error(call.signal.reason);
    }, lastEventsMs);
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start(made) {
        controller = made;
        for (const frame of ready) controller.enqueue(encoder.encode(frame));
      },
      async pull() {
        // Only while the client waits: one that does not read is sent nothing.
        beat = () => controller.enqueue(encoder.encode(':\n\n'));
        try {
          const step = await (pending ?? iterator.next());
          pending = undefined;
          if (!step.done) return controller.enqueue(encoder.encode(step.value));
          end();
          controller.close();
        } catch (error) {
          end();
          controller.error(error);
        } finally {
          beat = () => {};
        }
      },
      cancel() {
        call.leave();
        stop();
        return ended;
      },
    },
    { highWaterMark: 0 },
  );
  if (call.signal.aborted) onAbort();
  else call.signal.addEventListener('abort', onAbort, { once: true });
  return new Response(body, { headers: { ...eventStreamHeaders, ...headers } });
}

/**
 * The first two frames, where they wait already (a role, the piece for which the model was waited for): they leave in one
 * packet with the headers, since an adapter that finds them does not first send those alone. `next` is what was asked for
 * and did not come.
 */
async function readyFrames(iterator: AsyncIterator<string>) {
  const ready: string[] = [];
  while (ready.length < 2) {
    const next = iterator.next();
    const step = await Promise.race([next.catch(() => undefined), immediately()]);
    if (!step || step.done) return { ready, next };
    ready.push(step.value);
  }
  return { ready };
}

const immediately = () => new Promise<undefined>((resolve) => setImmediate(() => resolve(undefined)));
