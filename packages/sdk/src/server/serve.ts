/**
 * The handler behind a listening socket of Node, with an end that lets calls finish: no new ones, then a deadline, then
 * they are told to stop. Refuses to know: routes.
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer, getRequestListener } from '@hono/node-server';
import { TriviumError } from '@trivium/protocol';
import { runAfter } from '../base/timer.js';
import { createHandler, type Handler } from './create-handler.js';
import { type HandlerSettings, loopbackNames } from './settings.js';

export interface ServeSettings extends HandlerSettings {
  /** Default 7474; 0 takes one that is free. */
  port?: number;
  /** Address to listen on; default 127.0.0.1. Any but a loopback address wants `apiKeys`. */
  hostname?: string;
}

export interface CloseOptions {
  /** Milliseconds that calls under way may take to end by themselves, `Infinity` for as long as they want; default 10,000. */
  drainMs?: number;
}

export interface RunningServer extends AsyncDisposable {
  /** Where it listens: `http://127.0.0.1:7474`. */
  readonly url: string;
  readonly handler: Handler;
  /** Takes no more calls, lets those under way end, stops them after the deadline; resolves when all have ended. */
  close(options?: CloseOptions): Promise<void>;
}

/** Milliseconds that sockets have to send what was written when all calls have ended. */
const flushMs = 500;

/** Longer than clients and proxies keep a quiet connection: who closes it second may have written into it already. */
const keepAliveMs = 65_000;

/**
 * @example
 * const server = await serve({ host: new Host(), model: 'nano' });
 * console.log(server.url); // http://127.0.0.1:7474
 * await server.close();
 * @throws TriviumError `invalid-argument` for an address that others reach without a key, `io` where it cannot listen
 */
export async function serve(settings: ServeSettings): Promise<RunningServer> {
  const { port = 7474, hostname = '127.0.0.1', ...handlerSettings } = settings;
  const isLoopback = ['127.0.0.1', '::1', 'localhost'].includes(hostname);
  if (!isLoopback && (settings.apiKeys ?? []).length === 0) {
    throw new TriviumError('invalid-argument', `Other machines reach ${hostname}, and no key is asked for.`, {
      field: 'hostname',
      found: hostname,
      expected: 'a loopback address, or apiKeys',
      remedy: 'Give apiKeys (--api-key, TRIVIUM_API_KEY), or listen on 127.0.0.1.',
    });
  }
  const { allowedHosts } = settings;
  const handler = createHandler({
    ...handlerSettings,
    // A loopback server answers to its loopback names, however it was told more.
    ...(allowedHosts && isLoopback && { allowedHosts: [...loopbackNames, ...allowedHosts] }),
  });
  const server = createAdaptorServer({
    fetch: handler.fetch,
    overrideGlobalObjects: false,
    serverOptions: { keepAliveTimeout: keepAliveMs },
  });
  server.listen(port, hostname);
  try {
    await once(server, 'listening');
  } catch (cause) {
    await handler[Symbol.asyncDispose]();
    const { code } = cause as { code?: string };
    throw new TriviumError('io', `Nothing can listen on ${hostname}:${port} (${code}).`, {
      field: 'port',
      found: String(port),
      remedy:
        code === 'EADDRINUSE'
          ? 'Another server listens there: end it, or give another port.'
          : 'Give another address.',
      cause,
    });
  }
  const { port: taken } = server.address() as AddressInfo;
  const url = `http://${hostname.includes(':') ? `[${hostname}]` : hostname}:${taken}`;
  let closing: Promise<void> | undefined;
  const close = ({ drainMs = 10_000 }: CloseOptions = {}) =>
    (closing ??= closeServer(server as never, handler, drainMs));
  return { url, handler, close, [Symbol.asyncDispose]: () => close({ drainMs: 0 }) };
}

/**
 * A handler as Node's servers and Express take it. Nothing before it may have read the body.
 * @example
 * const app = express();
 * app.use('/ai', nodeListener(createHandler({ host }))); // before express.json(); Express takes /ai off the path
 */
export function nodeListener(
  handler: Handler,
): (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void> {
  return getRequestListener(handler.fetch, { overrideGlobalObjects: false });
}

interface Closable {
  close(done: () => void): void;
  closeIdleConnections(): void;
  closeAllConnections(): void;
}

async function closeServer(server: Closable, handler: Handler, drainMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  await Promise.race([drained(handler), after(drainMs)]);
  await handler[Symbol.asyncDispose]();
  await Promise.race([closed, after(flushMs)]);
  server.closeAllConnections();
  await closed;
}

/** Milliseconds between two looks at the calls that still run. */
const lookMs = 20;

async function drained(handler: Handler): Promise<void> {
  while (handler.calls.running + handler.calls.waiting > 0)
    await new Promise<void>((resolve) => setTimeout(resolve, lookMs));
}

/** A deadline alone keeps no process alive. */
const after = (ms: number) =>
  new Promise<void>((resolve) => {
    runAfter(ms, resolve)?.unref();
  });
