/**
 * The server as a function from requests to responses: the gate (host, origin, key, size, places), the table of routes, one
 * shape of errors. Refuses to know: what the routes do, which server listens.
 */
import { httpStatusOf, TriviumError } from '@trivium/protocol';
import { type Context, Hono } from 'hono';
import type { Admission } from '../base/admission.js';
import { documents, models } from '../host/index.js';
import { ServedFolder } from '../served/index.js';
import { answerInTime } from './answer-in-time.js';
import { shownJob } from './capabilities/shown-job.js';
import { eventStreamHeaders } from './event-stream.js';
import { failureOf, failureResponse, systemCodeOf } from './failure.js';
import { ApiKeys, checkHost, checkOrigin } from './gate/caller.js';
import { corsHeaders, preflight } from './gate/cors.js';
import { parsePart, readJson, readOctets } from './gate/read-request.js';
import { requestIdOf } from './gate/request-id.js';
import { ServerMetrics } from './metrics.js';
import type { AnyRoute } from './route.js';
import { routesOf } from './routes.js';
import { ScratchFolders } from './scratch/scratch-folders.js';
import { ServedModels } from './served-models.js';
import type { ServerContext } from './server-context.js';
import { type HandlerSettings, type MountedHandler, type RequestLogEntry, settle } from './settings.js';
import { ChatStreams } from './ui/chat-streams.js';
import { MemoryStreamStore } from './ui/memory-stream-store.js';

export interface Handler extends AsyncDisposable {
  /** Answers a request; never throws. */
  fetch(request: Request): Promise<Response>;
  /** Calls that run or wait now. */
  readonly calls: { running: number; waiting: number };
  /** Tells every call to stop; streams end with an error. New requests are answered with 503. */
  stop(): void;
  /** Stops, and waits until every call has ended. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * The HTTP face as a handler, for Next, Hono, Express or a server of one's own.
 * @example
 * const handler = createHandler({ host: new Host(), model: 'nano' });
 * export const POST = handler.fetch; // app/api/chat/route.ts
 * @throws TriviumError `invalid-argument` naming the setting
 */
export function createHandler(settings: HandlerSettings): Handler {
  return new HttpHandler(settings);
}

/** What is known of a request when it has ended. */
interface Outcome {
  failure?: TriviumError;
  route: string;
}

class HttpHandler implements Handler {
  readonly #settings: ReturnType<typeof settle>;
  readonly #admission: Admission;
  readonly #keys: ApiKeys;
  readonly #metrics: ServerMetrics;
  readonly #chats: ChatStreams;
  readonly #scratch: ScratchFolders | undefined;
  readonly #app = new Hono();
  /** Why no more calls are taken. */
  #closing: TriviumError | undefined;
  /** Calls that have begun, each with what stops it. `AbortSignal.any` would make two signals more of each. */
  readonly #running = new Map<Promise<unknown>, AbortController>();
  readonly #outcomes = new WeakMap<Request, Outcome>();
  /** What a request's answer still waits for. */
  readonly #works = new WeakMap<Request, Promise<unknown>[]>();

  constructor(given: HandlerSettings) {
    const settings = settle(given);
    const { host, root, readOnly, allowNetwork, allowDestructive } = settings;
    this.#settings = settings;
    this.#admission = settings.admission;
    this.#keys = new ApiKeys(settings.apiKeys);
    this.#metrics = new ServerMetrics(this.#admission, () => statsOf(host));
    this.#chats = new ChatStreams(settings.streamStore ?? new MemoryStreamStore());
    this.#scratch = readOnly ? undefined : new ScratchFolders(root);
    const plugins = settings.plugins ?? [documents, models];
    const folder = new ServedFolder({
      host,
      plugins,
      root,
      readOnly,
      allowNetwork,
      allowDestructive,
      shown: (job) => shownJob(job, root),
    });
    const context: ServerContext = {
      host,
      folder,
      basePath: settings.basePath,
      models: new ServedModels({ models: settings.models, model: settings.model, folder }),
      metrics: this.#metrics,
      chats: this.#chats,
      scratch: this.#scratch,
    };
    for (const route of routesOf(context)) this.#mount(route);
    for (const mounted of settings.mounts ?? []) this.#mountOther(mounted);
    this.#app.notFound((c) => this.#refuse(c.req.raw, noRoute(c.req.raw)));
    this.fetch = this.fetch.bind(this);
  }

  get calls() {
    return { running: this.#admission.running, waiting: this.#admission.waiting };
  }

  async fetch(request: Request): Promise<Response> {
    const started = performance.now();
    const requestId = requestIdOf(request);
    const outcome: Outcome = { route: 'unknown' };
    this.#outcomes.set(request, outcome);
    let origin: string | undefined;
    let response: Response;
    try {
      checkHost(request, this.#settings.allowedHosts);
      origin = checkOrigin(request, this.#settings.allowedOrigins);
      response =
        request.method === 'OPTIONS' && origin !== undefined
          ? preflight(request)
          : await this.#app.fetch(request);
    } catch (error) {
      response = this.#refuse(request, error);
    }
    response.headers.set('x-request-id', requestId);
    for (const [name, value] of Object.entries(corsHeaders(origin)))
      if (!response.headers.has(name)) response.headers.set(name, value);
    const isStream = response.headers.get('content-type')?.startsWith(eventStreamHeaders['content-type']);
    const record = () => this.#record(request, requestId, outcome, response.status, started);
    if (isStream) void Promise.allSettled([...(this.#works.get(request) ?? [])]).then(record);
    else record();
    return response;
  }

  stop(): void {
    const reason = new TriviumError('disposed', 'The server is closing.', {
      remedy: 'Call again once it runs.',
    });
    this.#closing ??= reason;
    for (const stopping of this.#running.values()) stopping.abort(reason);
    this.#chats.stop(new DOMException(reason.message, 'AbortError'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    while (this.#running.size > 0) await Promise.allSettled(this.#running.keys());
    await this.#chats[Symbol.asyncDispose]();
    await this.#scratch?.[Symbol.asyncDispose]();
  }

  #mount(route: AnyRoute): void {
    const parameter = route.takesSlashes ? ':$1{.+}' : ':$1';
    const path = this.#settings.basePath + route.path.replaceAll(/\{(\w+)\}/g, parameter);
    this.#app.on(route.method.toUpperCase(), path, (c) =>
      this.#answer(c.req.raw, route.path, () => this.#run(route, c)),
    );
  }

  /** What is not of the table passes the same gate, and reads its own bodies. */
  #mountOther({ path, isOpen, fetch }: MountedHandler): void {
    const base = this.#settings.basePath + path;
    this.#app.all(`${base}/*`, ({ req: { raw: request } }) =>
      this.#answer(request, path, async () => {
        if (!isOpen) this.#keys.check(request);
        if (this.#closing) throw this.#closing;
        const answer = await fetch(request);
        // The headers of a redirect, or of an answer that was fetched, cannot be added to.
        return new Response(answer.body, answer);
      }),
    );
  }

  async #answer(request: Request, route: string, run: () => Promise<Response>): Promise<Response> {
    this.#outcomes.get(request)!.route = route;
    try {
      const response = await run();
      // Hono runs HEAD as GET and drops the body: whatever makes it would go on for nobody.
      if (request.method === 'HEAD') void response.body?.cancel().catch(() => {});
      return response;
    } catch (error) {
      return this.#refuse(request, error);
    }
  }

  async #run(route: AnyRoute, c: Context): Promise<Response> {
    const request = c.req.raw;
    if (!route.isOpen) this.#keys.check(request);
    if (this.#closing) throw this.#closing;
    const stopping = new AbortController();
    const { signal } = stopping;
    const leave = () => stopping.abort(clientHasGone(request.signal.reason));
    if (request.signal.aborted) leave();
    request.signal.addEventListener('abort', leave, { once: true });
    const query = parsePart(route.query, c.req.query(), 'query');
    const params = parsePart(route.params, c.req.param(), 'path');
    const { bytes, json } = await this.#bodyOf(route, request, signal);
    const body = route.body && parsePart(route.body, json, 'body');
    let leavePlace = () => {};
    const works: Promise<unknown>[] = [];
    const until = (work: PromiseLike<unknown>) => {
      works.push(Promise.resolve(work).catch(() => {}));
    };
    const enter = (onWaiting?: () => void, waits: AbortSignal = signal) => {
      const place = this.#admission.enter(waits, onWaiting).then((leave) => {
        leavePlace = leave;
      });
      until(place);
      return place;
    };
    if (route.isWork) await enter();
    if (this.#closing) {
      leavePlace();
      throw this.#closing;
    }
    this.#works.set(request, works);
    const call = {
      request,
      requestId: requestIdOf(request),
      body,
      bytes,
      query,
      params,
      signal,
      failure: (thrown: unknown) => this.#noted(request, thrown),
      enter,
      leave,
      until,
    };
    const answer = answerInTime((async () => route.handle(call))(), signal);
    const whole = answer
      .catch(() => {})
      .then(async () => {
        // Work may bring more work, also where nobody waited for the answer.
        for (let seen = 0; seen < works.length; seen += 1) await works[seen];
      })
      .finally(() => {
        leavePlace();
        this.#running.delete(whole);
      });
    this.#running.set(whole, stopping);
    return answer;
  }

  /** As bytes or as JSON, whichever the route takes. @throws the signal's reason where the client leaves while it sends */
  async #bodyOf(route: AnyRoute, request: Request, signal: AbortSignal) {
    const { maxBodyBytes } = this.#settings;
    try {
      return {
        bytes: route.takesBytes ? await readOctets(request, maxBodyBytes) : new Uint8Array(),
        json: route.body && (await readJson(request, maxBodyBytes)),
      };
    } catch (error) {
      // Adapters break the body off in their own words.
      signal.throwIfAborted();
      throw error;
    }
  }

  #refuse(request: Request, thrown: unknown): Response {
    return failureResponse(this.#noted(request, thrown));
  }

  #noted(request: Request, thrown: unknown): TriviumError {
    const failure = failureOf(thrown, this.#settings.root);
    const outcome = this.#outcomes.get(request);
    if (outcome) outcome.failure = failure;
    return failure;
  }

  #record(
    request: Request,
    requestId: string,
    { route, failure }: Outcome,
    status: number,
    started: number,
  ): void {
    const durationMs = performance.now() - started;
    this.#metrics.request(route, request.method, status, durationMs);
    const failed = failure && isFault(failure) ? (failure.cause ?? failure) : undefined;
    const fault = framesOf(failed);
    const systemCode = systemCodeOf(failed);
    const entry: RequestLogEntry = {
      requestId,
      method: request.method,
      route,
      status,
      durationMs,
      ...(failure && { code: failure.code }),
      ...(systemCode && { systemCode }),
      ...(fault && { fault }),
    };
    try {
      this.#settings.onRequest?.(entry);
    } catch (error) {
      // Whoever listens must not take the answer down.
      process.emitWarning(`onRequest of the server threw: ${error}`);
    }
  }
}

/** The engine's figures; nothing where it cannot be loaded, which calls say better. */
function statsOf({ models }: HandlerSettings['host']) {
  try {
    return models.engine.stats();
  } catch {
    return undefined;
  }
}

const noRoute = ({ method, url }: Request) =>
  new TriviumError('not-found', `There is nothing at ${method} ${new URL(url).pathname}.`, {
    field: 'path',
    remedy: '/openapi.json tells what there is.',
  });

/** Adapters give reasons of any kind, a sentence too. */
const clientHasGone = (cause: unknown) => new TriviumError('cancelled', 'The client has gone.', { cause });

/** A server that closes says so to whoever is there. */
const isFault = ({ code }: TriviumError) => httpStatusOf(code) >= 500 && code !== 'disposed';

/** The frames of a stack: where, without what, though the message may look like frames. */
function framesOf(error: unknown): string | undefined {
  const { stack = '', message = '' } = (error ?? {}) as { stack?: string; message?: string };
  const behind = message === '' ? 0 : Math.max(0, stack.indexOf(message)) + message.length;
  const frames = stack
    .slice(behind)
    .split('\n')
    .filter((line) => /^\s+at /.test(line));
  return frames.join('\n') || undefined;
}
