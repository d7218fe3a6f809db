/**
 * Streamable HTTP that outlives its session: where the server knows it no longer (404, after a restart for one), another is
 * begun. Knows no tools. All of its state:
 * - One current session, and at most one renewal, which all that find this session lost wait for.
 * - Requests without an answer: taken by a session, or waiting for the renewal. What the lost session refused is said once more
 *   in the new one. What it had taken fails, for nobody knows whether it was run.
 * - The stream of a request decides about that request alone (`answer-streams.ts`). The one on which the server says the rest
 *   proves nothing when it is lost: the connection may have broken, and servers need have none. So the session is asked with a ping,
 *   until somebody answers.
 * - Closed: a renewal is given up, and none is begun any more.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import {
  type StreamableHTTPClientTransport,
  StreamableHTTPError,
} from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CancelledNotificationSchema,
  isJSONRPCErrorResponse,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type RequestId,
} from '@modelcontextprotocol/sdk/types.js';
import { AnswerStreams, failure } from './answer-streams.js';

/** As the transport takes them: it forbids properties that are there and undefined. */
type SendOptions = Parameters<StreamableHTTPClientTransport['send']>[1];

interface Session {
  transport: StreamableHTTPClientTransport;
  /** Posts under way, by their requests. */
  posts: Map<RequestId, Promise<void>>;
  /** On which it answers. */
  streams: AnswerStreams;
  /** It is being asked whether it is there. */
  isAsked: boolean;
  /** The SDK tries no more to hear what the server says by itself. */
  hasLostStream: boolean;
}

interface Renewal {
  done: Promise<void>;
  /** Of this renewal alone: the SDK never takes its listeners off a signal, and they hold client and transport. */
  controller: AbortController;
}

export interface RenewingTransportSettings {
  /** One that is not started yet, and is fetched for through `streams`. */
  open: (streams: AnswerStreams) => StreamableHTTPClientTransport;
  /** Greets the server as the client of the first session did. */
  newClient: () => Client;
  /**
   * Asks each new session, before anything else is said in it, for what may have changed. `client` is the one that greeted: what
   * it asks begins no further session. Never throws.
   */
  onGreeted: (client: Client, signal: AbortSignal) => Promise<void>;
}

/** Between two sessions: where a server forgets each at once, they are not begun in a row. */
const pauseMs = 1000;

/** Before a session is asked once more, or at all if it is new: nobody is waiting for that. */
const askPauseMs = 10_000;

/** What a server is given to end the session when the client goes. */
const partingMs = 1000;

const ping = { jsonrpc: '2.0', id: 'is-the-session-there', method: 'ping' } as const;

export class RenewingTransport implements Transport {
  onclose: Transport['onclose'];
  onerror: Transport['onerror'];
  onmessage: Transport['onmessage'];
  readonly #settings: RenewingTransportSettings;
  /** Requests without an answer, and the session that each was given to: none while it waits for a new one. */
  readonly #pending = new Map<RequestId, Session | undefined>();
  #session: Session;
  #renewal: Renewal | undefined;
  /** By `performance.now()`. */
  #renewedAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(settings: RenewingTransportSettings) {
    this.#settings = settings;
    const streams = new AnswerStreams();
    this.#session = this.#adopt(settings.open(streams), streams);
  }

  get sessionId(): string | undefined {
    return this.#session.transport.sessionId;
  }

  setProtocolVersion(version: string): void {
    this.#session.transport.setProtocolVersion(version);
  }

  start(): Promise<void> {
    return this.#session.transport.start();
  }

  async send(message: JSONRPCMessage, options?: SendOptions): Promise<void> {
    const { success, data } = CancelledNotificationSchema.safeParse(message);
    if (success && data.params.requestId !== undefined) this.#leave(data.params.requestId);
    if (!isJSONRPCRequest(message)) return this.#session.transport.send(message, options);
    try {
      await this.#ask(message, options);
    } catch (error) {
      // The SDK keeps a request, and all that its error holds, until it is answered: so it is, once this has failed it.
      if (this.#pending.has(message.id)) this.#pending.set(message.id, undefined);
      setImmediate(() => this.#fail(message.id, 'It was not sent.'));
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#renewal?.controller.abort();
    const { transport } = this.#session;
    // So that calls end in the server too. Who cannot be told soon is left.
    const controller = new AbortController();
    const told = transport.terminateSession().catch(() => {});
    await Promise.race([told, delay(partingMs, undefined, { signal: controller.signal }).catch(() => {})]);
    controller.abort();
    await transport.close();
  }

  #leave(id: RequestId): void {
    this.#pending.get(id)?.streams.leave(id);
    this.#pending.delete(id);
  }

  async #ask(request: JSONRPCRequest, options: SendOptions): Promise<void> {
    const session = this.#session;
    const isInSession = session.transport.sessionId !== undefined;
    try {
      await this.#post(request, options);
    } catch (error) {
      if (!isInSession || !saysLost(error, request)) throw error;
      // Who cancelled meanwhile wants nothing run.
      if (!this.#pending.has(request.id)) return;
      this.#pending.set(request.id, undefined);
      await this.#renew(session);
      if (this.#pending.has(request.id)) await this.#post(request, options);
    }
  }

  async #post(request: JSONRPCRequest, options: SendOptions): Promise<void> {
    const session = this.#session;
    this.#pending.set(request.id, session);
    const post = session.transport.send(request, options);
    session.posts.set(request.id, post);
    try {
      await post;
    } finally {
      session.posts.delete(request.id);
    }
  }

  /** Once for all that find the same session lost. */
  async #renew(lost: Session): Promise<void> {
    if (lost !== this.#session) return;
    this.#renewal ??= this.#startRenewal();
    await this.#renewal.done;
  }

  #startRenewal(): Renewal {
    const controller = new AbortController();
    if (this.#isClosed) controller.abort();
    const done = this.#begin(controller.signal).finally(() => {
      this.#renewal = undefined;
    });
    return { done, controller };
  }

  async #begin(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { open, newClient, onGreeted } = this.#settings;
    await delay(this.#untilAge(pauseMs), undefined, { signal });
    const streams = new AnswerStreams();
    const fresh = open(streams);
    const client = newClient();
    // A change of the list that is told of while the list is asked for.
    client.fallbackNotificationHandler = async (notification) =>
      this.onmessage?.({ jsonrpc: '2.0', ...notification } as JSONRPCMessage);
    await client.connect(fresh, { signal });
    await onGreeted(client, signal);
    if (signal.aborted) {
      await fresh.close();
      signal.throwIfAborted();
    }
    const lost = this.#session;
    this.#session = this.#adopt(fresh, streams);
    this.#renewedAt = performance.now();
    void this.#retire(lost);
  }

  /** Milliseconds until the session is so old; the first one is old from the start. */
  #untilAge(ms: number): number {
    return Math.max(0, this.#renewedAt + ms - performance.now());
  }

  /** From here on what it hears is heard here, and no longer by who greeted with it. */
  #adopt(transport: StreamableHTTPClientTransport, streams: AnswerStreams): Session {
    const session: Session = { transport, posts: new Map(), streams, isAsked: false, hasLostStream: false };
    transport.onclose = () => this.onclose?.();
    transport.onerror = (error) => {
      this.onerror?.(error);
      if (isGivenUp(error)) session.hasLostStream = true;
      if (isGivenUp(error) || isStreamUnknown(error)) void this.#lookAfter(session);
    };
    transport.onmessage = (message: JSONRPCMessage) => {
      if ('id' in message && !('method' in message) && message.id !== undefined) {
        // Who cancelled a request, or was told that it failed, hears no more of it.
        if (!this.#pending.delete(message.id)) return;
      }
      this.onmessage?.(message);
    };
    return session;
  }

  /** Asks a session that has lost a stream whether it is there, until somebody answers. Keeps no process alive. */
  async #lookAfter(session: Session): Promise<void> {
    if (session.isAsked || session.transport.sessionId === undefined) return;
    session.isAsked = true;
    await delay(this.#untilAge(askPauseMs), undefined, { ref: false });
    while (this.#isCurrent(session) && !(await this.#isThere(session))) {
      await delay(askPauseMs, undefined, { ref: false });
    }
    session.isAsked = false;
    if (!this.#isCurrent(session) || !session.hasLostStream) return;
    session.hasLostStream = false;
    // Without an event it is the stream of what the server says by itself; a server where that one is open refuses a second.
    await session.transport.resumeStream('').catch(() => {});
  }

  /** Where it is not, a new session was begun if there is one to be had. */
  async #isThere(session: Session): Promise<boolean> {
    try {
      await session.transport.send(ping);
      return true;
    } catch (error) {
      if (!this.#isCurrent(session)) return false;
      if (saysLost(error, ping)) {
        await this.#renew(session).catch((failed) => this.onerror?.(failed));
        return false;
      }
      return error instanceof StreamableHTTPError && (error.code ?? 0) < 500;
    }
  }

  #isCurrent(session: Session): boolean {
    return session === this.#session && !this.#isClosed;
  }

  async #retire(session: Session): Promise<void> {
    // Cut off, posts that are under way would not know that they are refused.
    await Promise.allSettled(session.posts.values());
    session.transport.onclose = () => {};
    session.transport.onerror = () => {};
    await session.transport.close().catch(() => {});
    for (const [id, taker] of this.#pending) {
      if (taker === session) this.#fail(id, 'The session ended before it answered.');
    }
  }

  #fail(id: RequestId, message: string): void {
    if (this.#pending.delete(id)) this.onmessage?.(failure(id, message));
  }
}

/** How the SDK tells of streams: it has no other sign. */
const isGivenUp = ({ message }: Error) => message.startsWith('Maximum reconnection attempts');
const isStreamUnknown = (error: Error) =>
  isNotFound(error) && error.message.includes('Failed to open SSE stream');

const isNotFound = (error: unknown) => error instanceof StreamableHTTPError && error.code === 404;

/** What servers that give a reason give for a session that they do not know. */
const unknownSession = -32001;

/** What answers the request itself was said in the session, be it with 404: a method that is not found for one. */
function saysLost(error: unknown, { id }: Pick<JSONRPCRequest, 'id'>): boolean {
  if (!isNotFound(error)) return false;
  const answer = jsonIn((error as StreamableHTTPError).message);
  return !isJSONRPCErrorResponse(answer) || answer.id !== id || answer.error.code === unknownSession;
}

function jsonIn(message: string): unknown {
  try {
    return JSON.parse(message.slice(message.indexOf('{')));
  } catch {
    return undefined;
  }
}
