/**
 * A server of the wire, for tests: the paths, frames and jobs of `trivium serve` over implementations given to it, as a
 * `fetch` that needs no network. Counts what it was asked. Refuses to know what the implementations do.
 */
import {
  type AnyImplementation,
  type CallFrame,
  errorBody,
  httpStatusOf,
  type Job,
  jobStatusIsFinal,
  stream,
  TriviumError,
} from '@trivium/protocol';
import { chatRoutes } from './wire-chat.js';

interface RunningJob {
  job: Job;
  frames: { event: number; frame: CallFrame }[];
  controller: AbortController;
  listeners: Set<() => void>;
}

export interface Wire {
  readonly fetch: typeof fetch;
  /** `METHOD /path?query` of each request, in order. */
  readonly requests: string[];
  /** Headers of each request, in the same order. */
  readonly headers: Record<string, string>[];
  /** Calls that were told to stop before their end. */
  readonly aborted: string[];
  readonly jobs: ReadonlyMap<string, RunningJob>;
  /** Breaks every stream that is open, as a network does. */
  readonly breakConnections: () => void;
  /** While false nothing answers. */
  isUp: boolean;
}

type Route = (match: RegExpExecArray, request: WireRequest) => Response | Promise<Response>;

export interface WireRequest {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body: () => unknown;
  signal: AbortSignal;
}

export function createWire(implementations: readonly AnyImplementation[]): Wire {
  const jobs = new Map<string, RunningJob>();
  const open = new Set<(error: Error) => void>();
  const aborted: string[] = [];
  const find = (path: string) => {
    const found = implementations.find(({ capability: { plugin, name } }) => `${plugin}/${name}` === path);
    if (!found) throw new TriviumError('not-found', `There is no capability ${path}.`);
    return found;
  };

  const streamed = (
    request: WireRequest,
    write: (send: (text: string) => void, signal: AbortSignal) => Promise<void>,
  ) => {
    const own = new AbortController();
    const text = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      start: async (controller) => {
        const fail = (error: Error) => {
          open.delete(fail);
          own.abort();
          try {
            controller.error(error);
          } catch {}
        };
        open.add(fail);
        request.signal.addEventListener('abort', () =>
          fail(new DOMException('The operation was aborted.', 'AbortError')),
        );
        await write((data) => controller.enqueue(text.encode(data)), own.signal).catch(() => {});
        if (open.delete(fail)) controller.close();
      },
      cancel: () => own.abort(),
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  };

  const callCapability: Route = ([, path = ''], request) => {
    const implementation = find(path);
    const input = request.body();
    if (request.headers.prefer === 'respond-async') return json(startJob(implementation, input).job, 202);
    return streamed(request, async (send, signal) => {
      signal.addEventListener('abort', () => aborted.push(path));
      for await (const frame of framesOf(implementation, input, signal))
        send(`data: ${JSON.stringify(frame)}\n\n`);
    });
  };

  const startJob = (implementation: AnyImplementation, input: unknown): RunningJob => {
    const { plugin, name } = implementation.capability;
    const id = `job${jobs.size + 1}`;
    const running: RunningJob = {
      job: {
        id,
        plugin,
        capability: name,
        status: 'running',
        createdAt: new Date(0).toISOString(),
        events: 0,
      },
      frames: [],
      controller: new AbortController(),
      listeners: new Set(),
    };
    jobs.set(id, running);
    void (async () => {
      for await (const frame of framesOf(implementation, input, running.controller.signal)) {
        if (frame.type === 'progress') {
          running.job = { ...running.job, events: running.job.events + 1, progress: frame.progress };
        } else {
          const isCancelled = running.controller.signal.aborted;
          running.job = {
            ...running.job,
            endedAt: new Date(1).toISOString(),
            ...(frame.type === 'output'
              ? { status: 'succeeded', output: frame.output }
              : { status: isCancelled ? 'cancelled' : 'failed', error: frame.error as Job['error'] }),
          };
        }
        running.frames.push({ event: running.frames.length + 1, frame });
        for (const listener of [...running.listeners]) listener();
      }
    })();
    return running;
  };

  const jobOf = (id: string): RunningJob => {
    const found = jobs.get(id);
    if (!found) throw new TriviumError('not-found', `There is no job ${id}.`);
    return found;
  };

  const events: Route = ([, id = ''], request) => {
    const running = jobOf(id);
    return streamed(request, async (send, signal) => {
      for (let at = Number(request.url.searchParams.get('after') ?? 0); !signal.aborted; ) {
        const next = running.frames[at];
        if (next) {
          at += 1;
          send(`id: ${next.event}\ndata: ${JSON.stringify(next.frame)}\n\n`);
          if (next.frame.type !== 'progress') return;
          continue;
        }
        await change(running.listeners, signal);
      }
    });
  };

  const routes: [string, RegExp, Route][] = [
    ['POST', /^\/v1\/capabilities\/([^/]+\/[^/]+)$/, callCapability],
    [
      'GET',
      /^\/v1\/jobs$/,
      (_, { url }) => {
        const status = url.searchParams.get('status');
        const listed = [...jobs.values()].map(({ job: { output: _output, ...job } }) => job).reverse();
        return json({ jobs: listed.filter((job) => !status || job.status === status) });
      },
    ],
    ['GET', /^\/v1\/jobs\/([^/]+)$/, ([, id = '']) => json(jobOf(id).job)],
    [
      'POST',
      /^\/v1\/jobs\/([^/]+)\/cancel$/,
      async ([, id = '']) => {
        const running = jobOf(id);
        running.controller.abort();
        while (!jobStatusIsFinal(running.job.status)) await change(running.listeners);
        return json(running.job);
      },
    ],
    ['GET', /^\/v1\/jobs\/([^/]+)\/events$/, events],
    ...chatRoutes(streamed),
  ];

  const wire: Wire = {
    requests: [],
    headers: [],
    aborted,
    jobs,
    isUp: true,
    breakConnections: () => {
      for (const fail of [...open]) fail(new TypeError('network error'));
    },
    fetch: async (target, init = {}) => {
      const url = new URL(String(target), 'http://wire.invalid');
      const method = init.method ?? 'GET';
      const headers = Object.fromEntries(
        Object.entries((init.headers ?? {}) as Record<string, string>).map(([key, value]) => [
          key.toLowerCase(),
          value,
        ]),
      );
      wire.requests.push(`${method} ${url.pathname}${url.search}`);
      wire.headers.push(headers);
      if (!wire.isUp) throw new TypeError('fetch failed');
      const signal = init.signal ?? new AbortController().signal;
      signal.throwIfAborted();
      const request: WireRequest = {
        method,
        url,
        headers,
        signal,
        body: () => JSON.parse(String(init.body)),
      };
      try {
        for (const [verb, pattern, route] of routes) {
          const match = verb === method ? pattern.exec(url.pathname) : null;
          if (match) return await route(match, request);
        }
        throw new TriviumError('not-found', `There is nothing at ${url.pathname}.`);
      } catch (thrown) {
        return json(errorBody(thrown), httpStatusOf(TriviumError.from(thrown).code));
      }
    },
  };
  return wire;
}

export const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });

export type Streamed = (
  request: WireRequest,
  write: (send: (text: string) => void, signal: AbortSignal) => Promise<void>,
) => Response;

/** Until a listener is called, or the signal aborts. */
export function change(listeners: Set<() => void>, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const heard = () => {
      listeners.delete(heard);
      signal?.removeEventListener('abort', heard);
      resolve();
    };
    listeners.add(heard);
    signal?.addEventListener('abort', heard);
  });
}

async function* framesOf(
  implementation: AnyImplementation,
  input: unknown,
  signal: AbortSignal,
): AsyncGenerator<CallFrame, void, void> {
  try {
    const running = stream(implementation, input as never, { signal });
    for (;;) {
      const step = await running.next();
      if (step.done) {
        yield { type: 'output', output: step.value };
        return;
      }
      yield { type: 'progress', progress: step.value };
    }
  } catch (thrown) {
    yield {
      type: 'error',
      ...errorBody(signal.aborted ? new TriviumError('cancelled', 'Cancelled.') : thrown),
    };
  }
}
