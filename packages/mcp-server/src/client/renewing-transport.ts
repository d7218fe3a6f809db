/**
 * Streamable HTTP that outlives its session: where the server knows it no longer (404, after a restart for one), another is
 * begun, and what was refused is said again in it. What the lost session had taken is failed, for nobody knows whether it was
 * run. Knows no tools.
 */
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import {
  type StreamableHTTPClientTransport,
  StreamableHTTPError,
} from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CancelledNotificationSchema,
  ErrorCode,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type RequestId,
} from '@modelcontextprotocol/sdk/types.js';

/** As the transport takes them: it forbids properties that are there and undefined. */
type SendOptions = Parameters<StreamableHTTPClientTransport['send']>[1];

interface Session {
  transport: StreamableHTTPClientTransport;
  /** Posts under way. */
  posts: Set<Promise<void>>;
}

export interface RenewingTransportSettings {
  /** One that is not started yet. */
  open: () => StreamableHTTPClientTransport;
  /** Greets the server as the client of the first session did. */
  newClient: () => Client;
  /** Told of each new session: what the server keeps for one, as subscriptions, is gone with the last. */
  onRenewed: () => void;
}

export class RenewingTransport implements Transport {
  onclose: Transport['onclose'];
  onerror: Transport['onerror'];
  onmessage: Transport['onmessage'];
  readonly #settings: RenewingTransportSettings;
  readonly #closing = new AbortController();
  /** Requests without an answer, and the session that each was given to: none while it waits for a new one. */
  readonly #pending = new Map<RequestId, Session | undefined>();
  #session: Session;
  #renewal: Promise<void> | undefined;

  constructor(settings: RenewingTransportSettings) {
    this.#settings = settings;
    this.#session = this.#adopt(settings.open());
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
    if (success && data.params.requestId !== undefined) this.#pending.delete(data.params.requestId);
    if (!isJSONRPCRequest(message)) return this.#session.transport.send(message, options);
    try {
      await this.#ask(message, options);
    } catch (error) {
      this.#pending.delete(message.id);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#session.transport.close();
  }

  async #ask(request: JSONRPCRequest, options: SendOptions): Promise<void> {
    const session = this.#session;
    const isInSession = session.transport.sessionId !== undefined;
    try {
      await this.#post(request, options);
    } catch (error) {
      if (!isInSession || !isNotFound(error)) throw error;
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
    session.posts.add(post);
    try {
      await post;
    } finally {
      session.posts.delete(post);
    }
  }

  /** Once for all that find the same session lost. */
  async #renew(lost: Session): Promise<void> {
    if (lost !== this.#session) return;
    this.#renewal ??= this.#begin().finally(() => {
      this.#renewal = undefined;
    });
    await this.#renewal;
  }

  async #begin(): Promise<void> {
    const { open, newClient, onRenewed } = this.#settings;
    const fresh = open();
    const { signal } = this.#closing;
    await newClient().connect(fresh, { signal });
    if (signal.aborted) {
      await fresh.close();
      signal.throwIfAborted();
    }
    const lost = this.#session;
    this.#session = this.#adopt(fresh);
    void this.#retire(lost);
    onRenewed();
  }

  /** From here on what it hears is heard here, and no longer by who greeted with it. */
  #adopt(transport: StreamableHTTPClientTransport): Session {
    transport.onclose = () => this.onclose?.();
    transport.onerror = (error) => this.onerror?.(error);
    transport.onmessage = (message: JSONRPCMessage) => {
      if ('id' in message && !('method' in message) && message.id !== undefined)
        this.#pending.delete(message.id);
      this.onmessage?.(message);
    };
    return { transport, posts: new Set() };
  }

  async #retire(session: Session): Promise<void> {
    // Posts that are under way will be refused too: cut off, they would not know.
    await Promise.allSettled(session.posts);
    session.transport.onclose = () => {};
    session.transport.onerror = () => {};
    await session.transport.close().catch(() => {});
    for (const [id, taker] of this.#pending) {
      if (taker !== session) continue;
      this.#pending.delete(id);
      const error = { code: ErrorCode.ConnectionClosed, message: 'The session ended before it answered.' };
      this.onmessage?.({ jsonrpc: '2.0', id, error });
    }
  }
}

const isNotFound = (error: unknown) => error instanceof StreamableHTTPError && error.code === 404;
