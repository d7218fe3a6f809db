/** One endpoint that stays the same object while what it stands for changes, so that stores outlive new headers. */
import type { Endpoint } from '@trivium/protocol';

export interface EndpointHandle extends Endpoint {
  /** What calls that start from now on use. */
  readonly become: (endpoint: Endpoint) => void;
}

export function createEndpointHandle(first: Endpoint): EndpointHandle {
  let current = first;
  return Object.freeze({
    get baseUrl() {
      return current.baseUrl;
    },
    headers: async () => {
      const { headers } = current;
      return (typeof headers === 'function' ? await headers() : headers) ?? {};
    },
    fetch: (...call: Parameters<typeof fetch>) => (current.fetch ?? globalThis.fetch)(...call),
    become: (endpoint: Endpoint) => {
      current = endpoint;
    },
  });
}
