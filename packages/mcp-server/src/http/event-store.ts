/**
 * The last events of one session, so that a client whose connection broke goes on where it was. Bounded: what is older is
 * forgotten, and going on from there is refused by the transport, never answered with a gap.
 */
import type { EventStore } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';

interface StoredEvent {
  streamId: string;
  message: JSONRPCMessage;
  bytes: number;
}

export class MemoryEventStore implements EventStore {
  readonly #events = new Map<string, StoredEvent>();
  readonly #maxBytes: number;
  readonly #maxEvents: number;
  #bytes = 0;
  #last = 0;

  constructor({ maxBytes, maxEvents }: { maxBytes: number; maxEvents: number }) {
    this.#maxBytes = maxBytes;
    this.#maxEvents = maxEvents;
  }

  async storeEvent(streamId: string, message: JSONRPCMessage): Promise<string> {
    const id = String(++this.#last);
    const bytes = Buffer.byteLength(JSON.stringify(message));
    this.#events.set(id, { streamId, message, bytes });
    this.#bytes += bytes;
    for (const [oldest, event] of this.#events) {
      if (this.#bytes <= this.#maxBytes && this.#events.size <= this.#maxEvents) break;
      this.#events.delete(oldest);
      this.#bytes -= event.bytes;
    }
    return id;
  }

  async getStreamIdForEventId(id: string): Promise<string | undefined> {
    return this.#events.get(id)?.streamId;
  }

  async replayEventsAfter(
    lastId: string,
    { send }: { send: (id: string, message: JSONRPCMessage) => Promise<void> },
  ): Promise<string> {
    const last = this.#events.get(lastId);
    if (!last) throw new Error('The event is forgotten.');
    const { streamId } = last;
    const later = [...this.#events].filter(
      ([id, event]) => event.streamId === streamId && Number(id) > Number(lastId),
    );
    for (const [id, { message }] of later) {
      // The event that opens a stream holds no message.
      if ('jsonrpc' in message) await send(id, message);
    }
    return streamId;
  }
}
