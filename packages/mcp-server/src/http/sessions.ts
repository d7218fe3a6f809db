/**
 * Sessions of the revisions before 2026-07-28: one server and one transport of the 1.x SDK each. There are so many at most; one
 * that nobody uses ends, sooner where a new one needs its place, for many clients never send DELETE. Knows nothing of names,
 * origins and tokens: what comes here may pass.
 */
import { randomUUID } from 'node:crypto';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import { createServer } from '../serve-sdk-v1.js';
import type { McpSurface } from '../surface/surface.js';
import { MemoryEventStore } from './event-store.js';
import { onBodyEnd } from './on-body-end.js';
import { refusal } from './refusal.js';

export interface SessionSettings {
  /** Sessions at once. Default: 64. */
  max?: number;
  /** A session without a request or an open stream for so long ends, whether its place is needed or not. Default: 10 minutes. */
  idleMs?: number;
  /** Bytes of events that a session keeps for clients that come back. Default: 2 MiB. */
  eventBytes?: number;
  /** What clients are told to wait before they come back, in milliseconds. Default: 1000. */
  retryMs?: number;
}

interface Session {
  /** Whoever began it; nobody else goes on with it. */
  caller: string | undefined;
  transport: WebStandardStreamableHTTPServerTransport;
  close(): Promise<void>;
  /** Answers that are still being sent. */
  open: number;
  lastUsedMs: number;
}

export class Sessions {
  readonly #surface: McpSurface;
  readonly #max: number;
  readonly #idleMs: number;
  readonly #eventBytes: number;
  readonly #retryMs: number;
  readonly #sessions = new Map<string, Session>();
  /** Sessions that have no name yet: they count too. */
  #opening = 0;
  #sweep: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(
    surface: McpSurface,
    { max = 64, idleMs = 600_000, eventBytes = 2 * 2 ** 20, retryMs = 1000 }: SessionSettings,
  ) {
    this.#surface = surface;
    this.#max = max;
    this.#idleMs = idleMs;
    this.#eventBytes = eventBytes;
    this.#retryMs = retryMs;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** @param parsedBody of a POST, as it was read already */
  async handle(request: Request, caller: string | undefined, parsedBody?: unknown): Promise<Response> {
    if (this.#isClosed) return refusal('disposed', 'The server is shutting down.');
    const id = request.headers.get('mcp-session-id');
    if (id !== null) {
      const session = this.#sessions.get(id);
      if (session && session.caller === caller) return this.#use(session, request, parsedBody);
      return refusal('not-found', 'There is no such session; it may have ended.', {
        number: -32001,
        remedy: 'Send initialize again, without a session.',
      });
    }
    const first = Array.isArray(parsedBody) ? parsedBody : [parsedBody];
    if (request.method === 'POST' && first.some((message) => isInitializeRequest(message)))
      return this.#begin(request, caller, parsedBody);
    return refusal('invalid-argument', 'The request belongs to no session.', {
      number: -32000,
      remedy: 'Send initialize first, then its mcp-session-id with every request.',
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#sweep);
    await Promise.allSettled([...this.#sessions.values()].map((session) => session.close()));
  }

  async #begin(request: Request, caller: string | undefined, parsedBody: unknown): Promise<Response> {
    if (this.#isFull()) this.#endLongestIdle();
    if (this.#isFull()) {
      return refusal('busy', `${this.#max} sessions are in use already.`, {
        status: 503,
        headers: { 'retry-after': '30' },
        remedy: 'Try again later, or end one with DELETE.',
      });
    }
    this.#opening += 1;
    let session: Session | undefined;
    try {
      session = await this.#create(caller);
      const response = await this.#use(session, request, parsedBody);
      // The transport refused the request: there is no session.
      if (session.transport.sessionId === undefined) await session.close();
      return response;
    } finally {
      if (session?.transport.sessionId === undefined) this.#opening -= 1;
    }
  }

  #isFull(): boolean {
    return this.#sessions.size + this.#opening >= this.#max;
  }

  async #create(caller: string | undefined): Promise<Session> {
    const server = createServer(this.#surface, caller);
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: new MemoryEventStore({ maxBytes: this.#eventBytes, maxEvents: 10_000 }),
      retryInterval: this.#retryMs,
      onsessioninitialized: (id) => {
        this.#sessions.set(id, session);
        this.#opening -= 1;
        this.#watchIdle();
      },
      onsessionclosed: (id) => {
        this.#sessions.delete(id);
      },
    });
    const session: Session = {
      caller,
      transport,
      open: 0,
      lastUsedMs: Date.now(),
      close: async () => {
        if (transport.sessionId !== undefined) this.#sessions.delete(transport.sessionId);
        await server.close();
      },
    };
    // Their types disagree about properties that may be undefined.
    await server.connect(transport as Parameters<typeof server.connect>[0]);
    return session;
  }

  async #use(session: Session, request: Request, parsedBody: unknown): Promise<Response> {
    session.open += 1;
    let isOpen = true;
    const ended = () => {
      if (!isOpen) return;
      isOpen = false;
      session.open -= 1;
      session.lastUsedMs = Date.now();
    };
    try {
      const response = await session.transport.handleRequest(
        request,
        parsedBody === undefined ? {} : { parsedBody },
      );
      return onBodyEnd(response, ended);
    } catch (error) {
      ended();
      throw error;
    }
  }

  #watchIdle(): void {
    this.#sweep ??= setInterval(() => void this.#endIdle(), Math.max(50, Math.min(this.#idleMs / 2, 30_000)));
    this.#sweep.unref();
  }

  async #endIdle(): Promise<void> {
    const idle = this.#idle().filter(({ lastUsedMs }) => Date.now() - lastUsedMs > this.#idleMs);
    await Promise.allSettled(idle.map((session) => session.close()));
  }

  /** Its place is free at once; its server ends meanwhile. */
  #endLongestIdle(): void {
    const [longest] = this.#idle().sort((a, b) => a.lastUsedMs - b.lastUsedMs);
    void longest?.close().catch(() => {});
  }

  #idle(): Session[] {
    return [...this.#sessions.values()].filter(({ open }) => open === 0);
  }
}
