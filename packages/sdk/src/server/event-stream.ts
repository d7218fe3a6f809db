/**
 * Server-sent events from an async generator: nothing is read ahead of the client, a client that goes stops the work, and a
 * comment now and then keeps quiet connections open. Knows no protocol above that.
 */
import type { RouteCall } from './route.js';

/** Milliseconds between two comments to a client that waits. */
const heartbeatMs = 15_000;

/** Milliseconds that a call which was told to stop has for its last events, if a client still reads them. */
const lastEventsMs = 2000;

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
  call.until(new Promise<void>((resolve) => (settle = resolve)));
  let beat = () => {};
  const heartbeat = setInterval(() => beat(), heartbeatMs);
  heartbeat.unref();
  let lastEvents: NodeJS.Timeout | undefined;
  const stop = async () => {
    await iterator.return?.().catch(() => {});
    end();
  };
  const onAbort = () => {
    lastEvents = setTimeout(stop, lastEventsMs);
  };
  const end = () => {
    clearInterval(heartbeat);
    clearTimeout(lastEvents);
    call.signal.removeEventListener('abort', onAbort);
    settle();
  };
  call.signal.addEventListener('abort', onAbort, { once: true });
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        for (const frame of ready) controller.enqueue(encoder.encode(frame));
      },
      async pull(controller) {
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
      async cancel() {
        call.leave();
        await stop();
      },
    },
    { highWaterMark: 0 },
  );
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
