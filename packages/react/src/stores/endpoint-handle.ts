/**
 * One endpoint that stays the same object while what it stands for changes, so that stores outlive new headers, and what began
 * on one server stays there. Refuses to know who calls.
 */
import type { Endpoint } from '@trivium/protocol';

export interface EndpointHandle extends Endpoint {
  /** What calls that start from now on use. */
  readonly become: (endpoint: Endpoint) => void;
  /** The server of now, whatever the handle becomes; its headers are those that were given last for it, and for no other. */
  readonly hold: () => Endpoint;
  /** Calls `listener` whenever `announce` finds another server than before; answers how to stop that. */
  readonly onServer: (listener: () => void) => () => void;
  /** Tells the listeners of another server; apart from `become`, which may be called where nothing may be shown. */
  readonly announce: () => void;
}

export function createEndpointHandle(first: Endpoint): EndpointHandle {
  let current = first;
  let announced = first.baseUrl;
  const servers = new Map([[first.baseUrl, first]]);
  const listeners = new Set<() => void>();
  return viewOf(() => current, {
    become: (endpoint: Endpoint) => {
      current = endpoint;
      servers.set(endpoint.baseUrl, endpoint);
    },
    hold: () => {
      const held = current;
      return viewOf(() => servers.get(held.baseUrl) ?? held);
    },
    onServer: (listener: () => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    announce: () => {
      if (announced === current.baseUrl) return;
      announced = current.baseUrl;
      for (const listener of [...listeners]) listener();
    },
  });
}

/** The endpoint for something that goes on over several requests, from its start to its end. */
export const heldEndpoint = (endpoint: Endpoint): Endpoint =>
  'hold' in endpoint ? (endpoint as EndpointHandle).hold() : endpoint;

/** Calls `listener` whenever the endpoint has become another server; answers how to stop that. */
export const onServer = (endpoint: Endpoint, listener: () => void): (() => void) =>
  'onServer' in endpoint ? (endpoint as EndpointHandle).onServer(listener) : () => {};

/** `endpoint` at the time of each request, with what else the view can do. */
const viewOf = <Acts extends object>(endpoint: () => Endpoint, acts?: Acts) =>
  Object.freeze({
    get baseUrl() {
      return endpoint().baseUrl;
    },
    headers: async () => {
      const { headers } = endpoint();
      return (typeof headers === 'function' ? await headers() : headers) ?? {};
    },
    fetch: (...call: Parameters<typeof fetch>) => (endpoint().fetch ?? globalThis.fetch)(...call),
    ...(acts as Acts),
  });
