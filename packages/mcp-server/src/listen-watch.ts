/**
 * Subscriptions of the 2026-07-28 revision: a client listens with one long request that names resources, and the SDK's entries
 * answer it before any server of ours sees it. Here is read what they name, so that just that is watched.
 */
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import { TriviumError } from '@trivium/protocol';
import { protocolFault } from './surface/protocol-fault.js';
import { Subscriptions } from './surface/subscriptions.js';
import type { McpSurface } from './surface/surface.js';

/** The resources that a message asks to hear of; none where it does not listen. */
export function listenedUris(message: unknown): string[] {
  const { method, params } = (message ?? {}) as { method?: unknown; params?: { notifications?: unknown } };
  if (method !== 'subscriptions/listen') return [];
  const { resourceSubscriptions } = (params?.notifications ?? {}) as { resourceSubscriptions?: unknown };
  return Array.isArray(resourceSubscriptions)
    ? resourceSubscriptions.filter((uri) => typeof uri === 'string')
    : [];
}

/** More than any server of ours watches at once: a list that is longer is refused before a file of it is looked at. */
const maxListened = 64;

/** What is watched for one listening request. */
export interface Listening {
  /** The request, naming what is watched and nothing else: the SDK's entry acknowledges all that it reads there. */
  message: unknown;
  stop: () => void;
}

/**
 * What all listening requests to one entry of the SDK name. Each resource is watched once, however many listen to it: the entry
 * tells all of them of each change.
 */
export class ListenedResources {
  readonly #subscriptions: Subscriptions;
  readonly #listeners = new Map<string, number>();

  constructor(surface: McpSurface, updated: (uri: string) => void) {
    this.#subscriptions = new Subscriptions(surface, updated);
  }

  /**
   * Watches from when the promise comes back until it is stopped. What cannot be watched is passed over: the acknowledgement of the
   * SDK's entry has no place for a refusal, and tells what is left.
   * @throws TriviumError `too-large` where the request names too many
   */
  async listen(message: unknown, signal: AbortSignal): Promise<Listening> {
    const uris = listenedUris(message);
    if (uris.length > maxListened) {
      throw new TriviumError('too-large', 'The request listens to too many resources.', {
        field: 'notifications.resourceSubscriptions',
        found: `${uris.length} resources`,
        expected: `at most ${maxListened} resources`,
        remedy: 'Name those that matter.',
      });
    }
    const watched: string[] = [];
    // One after the other, so that a client which has gone meanwhile costs nothing more.
    for (const uri of new Set(uris)) {
      if (signal.aborted) break;
      if (await this.#add(uri)) watched.push(uri);
    }
    const stop = () => {
      for (const uri of watched.splice(0)) this.#leave(uri);
    };
    return { message: naming(message, [...watched]), stop };
  }

  async #add(uri: string): Promise<boolean> {
    this.#listeners.set(uri, (this.#listeners.get(uri) ?? 0) + 1);
    try {
      await this.#subscriptions.add(uri);
      return true;
    } catch {
      this.#leave(uri);
      return false;
    }
  }

  #leave(uri: string): void {
    const left = (this.#listeners.get(uri) ?? 0) - 1;
    if (left > 0) {
      this.#listeners.set(uri, left);
      return;
    }
    this.#listeners.delete(uri);
    this.#subscriptions.remove(uri);
  }
}

function naming(message: unknown, resourceSubscriptions: string[]): unknown {
  const { params, ...rest } = message as { params: { notifications: object } };
  return {
    ...rest,
    params: { ...params, notifications: { ...params.notifications, resourceSubscriptions } },
  };
}

/** The transport, with what passes in watched for listening requests. */
export class ListeningTransport implements Transport {
  onmessage?: Transport['onmessage'];
  onclose?: Transport['onclose'];
  onerror?: Transport['onerror'];
  /** Settles when the connection is closed, by whomever. */
  readonly closed: Promise<void>;
  #close!: () => void;
  readonly #inner: Transport;
  readonly #listened: ListenedResources;
  readonly #stops = new Map<string | number, () => void>();

  constructor(inner: Transport, surface: McpSurface, updated: (uri: string) => void) {
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
    this.#inner = inner;
    this.#listened = new ListenedResources(surface, updated);
  }

  async start(): Promise<void> {
    this.#inner.onmessage = (message, extra) => {
      // The entry acknowledges at once: it hears of the request when all that it names is watched.
      void this.#see(message).then((heard) => heard && this.onmessage?.(heard, extra));
    };
    this.#inner.onerror = (error) => this.onerror?.(error);
    this.#inner.onclose = () => {
      this.#stopAll();
      this.#close();
      this.onclose?.();
    };
    await this.#inner.start();
  }

  send: Transport['send'] = (message, options) => this.#inner.send(message, options);

  async close(): Promise<void> {
    this.#stopAll();
    await this.#inner.close();
  }

  /** The message as the entry is to hear it; none where it is refused, or cancelled while the watch began. */
  async #see(message: JSONRPCMessage): Promise<JSONRPCMessage | undefined> {
    const { id, method, params } = message as {
      id?: string | number;
      method?: string;
      params?: { requestId?: string | number };
    };
    if (method === 'notifications/cancelled' && params?.requestId !== undefined) this.#stop(params.requestId);
    if (listenedUris(message).length === 0 || id === undefined) return message;
    this.#stop(id);
    const controller = new AbortController();
    this.#stops.set(id, () => controller.abort());
    try {
      const listening = await this.#listened.listen(message, controller.signal);
      if (controller.signal.aborted) {
        listening.stop();
        return undefined;
      }
      this.#stops.set(id, listening.stop);
      return listening.message as JSONRPCMessage;
    } catch (error) {
      this.#stops.delete(id);
      await this.#inner.send({ jsonrpc: '2.0', id, error: protocolFault(error) });
      return undefined;
    }
  }

  #stop(id: string | number): void {
    this.#stops.get(id)?.();
    this.#stops.delete(id);
  }

  #stopAll(): void {
    for (const id of [...this.#stops.keys()]) this.#stop(id);
  }
}
