/**
 * Subscriptions of the 2026-07-28 revision: a client listens with one long request that names resources, and the SDK's entries
 * answer it before any server of ours sees it. Here is read what they name, so that just that is watched.
 */
import type { Transport } from '@modelcontextprotocol/server';
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

/**
 * Watches what a listening request names, from when the promise comes back until the function that it answers is called.
 * What cannot be watched is passed over: the acknowledgement of the SDK's entry has no place for a refusal.
 */
export async function watchListened(
  surface: McpSurface,
  message: unknown,
  updated: (uri: string) => void,
): Promise<() => void> {
  const subscriptions = new Subscriptions(surface, updated);
  await Promise.allSettled(listenedUris(message).map((uri) => subscriptions.add(uri)));
  return () => subscriptions.clear();
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
  readonly #surface: McpSurface;
  readonly #updated: (uri: string) => void;
  readonly #stops = new Map<string | number, () => void>();

  constructor(inner: Transport, surface: McpSurface, updated: (uri: string) => void) {
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
    this.#inner = inner;
    this.#surface = surface;
    this.#updated = updated;
  }

  async start(): Promise<void> {
    this.#inner.onmessage = (message, extra) => {
      // The entry acknowledges at once: it hears of the request when all that it names is watched.
      void this.#see(message).then((passes) => passes && this.onmessage?.(message, extra));
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

  /** Whether the message is for the entry: a listening request that is cancelled meanwhile is not. */
  async #see(message: unknown): Promise<boolean> {
    const { id, method, params } = message as {
      id?: string | number;
      method?: string;
      params?: { requestId?: string | number };
    };
    if (method === 'notifications/cancelled' && params?.requestId !== undefined) this.#stop(params.requestId);
    if (method !== 'subscriptions/listen' || id === undefined) return true;
    this.#stop(id);
    let isCancelled = false;
    const cancel = () => {
      isCancelled = true;
    };
    this.#stops.set(id, cancel);
    const stop = await watchListened(this.#surface, message, this.#updated);
    if (isCancelled) stop();
    else this.#stops.set(id, stop);
    return !isCancelled;
  }

  #stop(id: string | number): void {
    this.#stops.get(id)?.();
    this.#stops.delete(id);
  }

  #stopAll(): void {
    for (const id of [...this.#stops.keys()]) this.#stop(id);
  }
}
