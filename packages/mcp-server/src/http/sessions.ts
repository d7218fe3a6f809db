/**
 * Sessions of the revisions before 2026-07-28: one server and one transport of the 1.x SDK each. There are so many at most; one
 * that nobody uses ends, sooner where a new one needs its place, for many clients never send DELETE. Knows nothing of names,
 * origins and tokens: what comes here may pass.
 */
import { randomUUID } from 'node:crypto';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { CancelledNotificationSchema, isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import { createServer } from '../serve-sdk-v1.js';
import type { McpSurface } from '../surface/surface.js';
import { cancelledAnswer, MemoryEventStore } from './event-store.js';
import { onBodyEnd } from './on-body-end.js';
import { refusal } from './refusal.js';
import { eventText, primed } from './resumed-stream.js';

export interface SessionSettings {
  /** Sessions at once. Default: 64. */
  max?: number;
  /** A session without a request or an open stream for so long ends, whether its place is needed or not. Default: 10 minutes. */
  idleMs?: number;
  /** Bytes of events that a session keeps for clients that come back, beside its newest, which is always kept. Default: 2 MiB. */
  eventBytes?: number;
  /** What clients are told to wait before they come back, in milliseconds. Default: 1000. */
  retryMs?: number;
}

interface Session {
  /** Whoever began it; nobody else goes on with it. */
  caller: string | undefined;
  transport: WebStandardStreamableHTTPServerTransport;
  events: MemoryEventStore;
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
    const events = new MemoryEventStore({ maxBytes: this.#eventBytes, maxEvents: 10_000 });
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: events,
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
      events,
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
      const response =
        request.method === 'GET'
          ? await this.#listen(session, request)
          : await session.transport.handleRequest(request, parsedBody === undefined ? {} : { parsedBody });
      if (endsStreams(request)) endCancelled(session.transport, parsedBody);
      return onBodyEnd(response, ended);
    } catch (error) {
      ended();
      throw error;
    }
  }

  async #listen({ transport, events }: Session, request: Request): Promise<Response> {
    const lastId = request.headers.get('last-event-id');
    if (lastId === null) {
      // Whoever listens anew has lost the stream before, though nobody may have told this side.
      transport.closeStandaloneSSEStream();
      return transport.handleRequest(request);
    }
    const later = events.after(lastId);
    if (!later) {
      return refusal('invalid-argument', 'There is no such event; it may be forgotten.', {
        remedy: 'Ask again for what was asked.',
      });
    }
    if (!endsStreams(request)) return transport.handleRequest(request);
    if (!later.isOver) return primed(await transport.handleRequest(request), lastId);
    // The transport would leave it open for what never comes. That nothing comes is 204, as for every source of events.
    if (later.events.length === 0) return new Response(null, { status: 204 });
    return new Response(later.events.map(eventText).join(''), {
      headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' },
    });
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

/** Clients of the revisions before may have posted several requests whose answers share a stream, and know no event without data. */
const endsStreams = ({ headers }: Request) => (headers.get('mcp-protocol-version') ?? '') >= '2025-11-25';

/** The protocol answers no request that was cancelled: unless its stream is ended here, a client waits on it for ever. */
function endCancelled(transport: WebStandardStreamableHTTPServerTransport, message: unknown): void {
  const { success, data } = CancelledNotificationSchema.safeParse(message);
  const id = success ? data.params.requestId : undefined;
  if (id === undefined) return;
  transport.closeSSEStream(id);
  // Refused where it was answered already, or never asked.
  transport.send(cancelledAnswer(id)).catch(() => {});
}
