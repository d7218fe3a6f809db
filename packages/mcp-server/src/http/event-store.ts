/**
 * The last events of one session, so that a client whose connection broke goes on where it was. Bounded: what is older is
 * forgotten, and going on where something is missing is refused, never answered with a gap. The newest event is always there:
 * no answer is too large to be asked for again.
 */
import type { EventStore } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import type { JSONRPCErrorResponse, JSONRPCMessage, RequestId } from '@modelcontextprotocol/sdk/types.js';

interface StoredEvent {
  streamId: string;
  message: JSONRPCMessage;
  bytes: number;
  /** The event before it on its stream; 0 where there was none. */
  before: number;
}

export interface LaterEvents {
  streamId: string;
  events: { id: string; message: JSONRPCMessage }[];
  /** The answer was the last: nothing will follow. */
  isOver: boolean;
}

export class MemoryEventStore implements EventStore {
  readonly #events = new Map<number, StoredEvent>();
  /** The last event of each stream, forgotten or not, until the stream is over and forgotten. */
  readonly #lastOf = new Map<string, number>();
  readonly #maxBytes: number;
  readonly #maxEvents: number;
  #bytes = 0;
  #last = 0;

  constructor({ maxBytes, maxEvents }: { maxBytes: number; maxEvents: number }) {
    this.#maxBytes = maxBytes;
    this.#maxEvents = maxEvents;
  }

  async storeEvent(streamId: string, message: JSONRPCMessage): Promise<string> {
    const at = ++this.#last;
    const bytes = Buffer.byteLength(JSON.stringify(message));
    this.#events.set(at, { streamId, message, bytes, before: this.#lastOf.get(streamId) ?? 0 });
    this.#lastOf.set(streamId, at);
    this.#bytes += bytes;
    for (const [oldest, event] of this.#events) {
      const isWithin = this.#bytes <= this.#maxBytes && this.#events.size <= this.#maxEvents;
      if (isWithin || oldest === at) break;
      this.#forget(oldest, event);
    }
    return `${at}_${streamId}`;
  }

  #forget(at: number, { streamId, message, bytes }: StoredEvent): void {
    this.#events.delete(at);
    this.#bytes -= bytes;
    if (isAnswer(message) && this.#lastOf.get(streamId) === at) this.#lastOf.delete(streamId);
  }

  /** @returns nothing where the event is of no stream, or what followed it is forgotten */
  after(lastId: string): LaterEvents | undefined {
    const cut = lastId.indexOf('_');
    const streamId = lastId.slice(cut + 1);
    const seen = Number(lastId.slice(0, cut));
    const last = this.#lastOf.get(streamId);
    if (last === undefined || !(seen >= 1 && seen <= last)) return undefined;
    const later = [...this.#events].filter(([at, event]) => event.streamId === streamId && at > seen);
    const before = later[0]?.[1].before ?? last;
    if (before > seen) return undefined;
    return {
      streamId,
      // The event that opens a stream holds no message, and nobody wants to hear of the end of what was cancelled.
      events: later
        .filter(([, { message }]) => 'jsonrpc' in message && !isCancelled(message))
        .map(([at, { message }]) => ({ id: `${at}_${streamId}`, message })),
      isOver: isAnswer(this.#events.get(last)?.message),
    };
  }

  // No `getStreamIdForEventId`: where there is one, the SDK refuses who comes back while it believes the old connection alive.
  async replayEventsAfter(
    lastId: string,
    { send }: { send: (id: string, message: JSONRPCMessage) => Promise<void> },
  ): Promise<string> {
    const later = this.after(lastId);
    if (!later) throw new Error('The event is forgotten.');
    for (const { id, message } of later.events) await send(id, message);
    return later.streamId;
  }
}

const isAnswer = (message: JSONRPCMessage | undefined): boolean =>
  message !== undefined && 'jsonrpc' in message && !('method' in message);

/** Of ours: the protocol has no number for it, for nothing is said. */
const requestCancelled = -32800;

/** Ends the stream of a request that was cancelled, and is kept as its end: it is never said. */
export const cancelledAnswer = (id: RequestId): JSONRPCErrorResponse => ({
  jsonrpc: '2.0',
  id,
  error: { code: requestCancelled, message: 'The request was cancelled.' },
});

const isCancelled = (message: JSONRPCMessage): boolean =>
  'error' in message && message.error.code === requestCancelled;
