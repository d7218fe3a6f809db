/** Which requests have a stream of their own that is open: a server that takes no more may still answer there. */
import type { RequestId } from '@modelcontextprotocol/sdk/types.js';

type Fetch = typeof globalThis.fetch;

export class OpenStreams {
  readonly #open = new Set<RequestId>();

  has(request: RequestId): boolean {
    return this.#open.has(request);
  }

  /** @returns a fetch by which these streams are known */
  through(fetch: Fetch = globalThis.fetch): Fetch {
    return async (input, init) => {
      const response = await fetch(input, init);
      const id = requestIn(init);
      const isStream = response.headers.get('content-type')?.includes('text/event-stream');
      if (id === undefined || !isStream || !response.body) return response;
      this.#open.add(id);
      const body = watched(response.body, () => this.#open.delete(id));
      return new Response(body, response);
    };
  }
}

/** The id of a request that is posted alone, as the SDK posts them. */
function requestIn({ method, body }: RequestInit = {}): RequestId | undefined {
  if (method !== 'POST' || typeof body !== 'string') return undefined;
  const { id } = JSON.parse(body) as { id?: RequestId };
  return id;
}

/** The same stream, which tells when it has ended, broken or been left. */
function watched(body: ReadableStream<Uint8Array>, onEnd: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        onEnd();
        controller.close();
      } catch (error) {
        onEnd();
        controller.error(error);
      }
    },
    cancel(reason) {
      onEnd();
      return reader.cancel(reason);
    },
  });
}
