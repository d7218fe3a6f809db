/**
 * Requests to the hub: who asks, redirects, proxies, and statuses as typed errors. Token or password go to the endpoint's
 * own origin and never with a redirect to another one. Knows no routes, reads no body of an answer that succeeded.
 */
import { TriviumError } from '@trivium/protocol';
import { type Dispatcher, EnvHttpProxyAgent, fetch, type Headers, type Response } from 'undici';
import { retryAfterMs, Transient } from './retry.js';

export interface HubAnswer {
  response: Response;
  /** Headers of the hub's own answer, before it sent us elsewhere: they name size and checksum. */
  hubHeaders: Headers;
}

export interface HubRequest {
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** What is asked for, in words, for errors: "org/repo/file.gguf". */
  subject: string;
}

const mostRedirects = 8;
const redirects = new Set([301, 302, 303, 307, 308]);

let agent: Dispatcher | undefined;
/** One for the process. It obeys HTTP_PROXY, HTTPS_PROXY and NO_PROXY, which Node's own fetch does not. */
function proxyAgent(): Dispatcher {
  agent ??= new EnvHttpProxyAgent({
    connect: { timeout: 30_000 },
    headersTimeout: 60_000,
    bodyTimeout: 60_000,
  });
  return agent;
}

export class HubConnection {
  readonly endpoint: string;
  readonly #origin: string;
  readonly #authorization: string | undefined;
  readonly #dispatcher: Dispatcher | undefined;

  constructor(endpoint: string, authorization: string | undefined, dispatcher?: Dispatcher) {
    this.endpoint = endpoint;
    this.#origin = new URL(endpoint).origin;
    this.#authorization = authorization;
    this.#dispatcher = dispatcher;
  }

  /**
   * The answer at the end of all redirects, with a status of success.
   * @throws Transient on 429, 5xx and broken connections
   * @throws TriviumError `forbidden`, `not-found`, `network`
   */
  async get(address: string, { headers = {}, signal, subject }: HubRequest): Promise<HubAnswer> {
    let url = new URL(address);
    let hubHeaders: Headers | undefined;
    for (let hop = 0; hop <= mostRedirects; hop += 1) {
      const own = url.origin === this.#origin;
      const response = await this.#once(url, headers, own, signal, subject);
      if (own) hubHeaders = response.headers;
      if (!redirects.has(response.status)) {
        if (response.ok) return { response, hubHeaders: hubHeaders ?? response.headers };
        await response.body?.cancel().catch(() => {});
        throw this.#failed(response, subject, own);
      }
      await response.body?.cancel().catch(() => {});
      url = redirected(url, response.headers.get('location'), subject);
    }
    throw new TriviumError('network', `The hub redirects in circles when asked for ${subject}.`, {
      field: 'location',
      found: url.origin + url.pathname,
      remedy: 'Check HF_ENDPOINT and the proxy.',
    });
  }

  async #once(
    url: URL,
    headers: Record<string, string>,
    own: boolean,
    signal: AbortSignal | undefined,
    subject: string,
  ): Promise<Response> {
    try {
      return await fetch(url, {
        headers: {
          'user-agent': 'trivium',
          ...headers,
          ...(own && this.#authorization && { authorization: this.#authorization }),
        },
        redirect: 'manual',
        dispatcher: this.#dispatcher ?? proxyAgent(),
        ...(signal && { signal }),
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw brokenConnection(url, subject, error);
    }
  }

  #failed({ status, headers }: Response, subject: string, own: boolean): Error {
    const found = `status ${status}`;
    if (status === 401 || status === 403)
      return this.#refused(subject, found, own, headers.get('x-error-code'));
    if (status === 404 || status === 410) {
      return new TriviumError('not-found', `The hub has no ${subject}.`, {
        field: 'model',
        found: headers.get('x-error-code') ?? found,
        remedy: 'Check the spelling of the repository, revision and file on its page.',
      });
    }
    const failure = new TriviumError('network', `The hub cannot serve ${subject} now (${status}).`, {
      found,
      remedy: 'Try again later; what has been fetched so far is kept.',
    });
    return status === 429 || status === 408 || status === 416 || status >= 500
      ? new Transient(
          failure,
          status === 416 ? 'corrupt' : 'interrupted',
          retryAfterMs(headers.get('retry-after')),
        )
      : failure;
  }

  #refused(subject: string, found: string, own: boolean, errorCode: string | null): Error {
    // A signed address that has run out says 403 too; a new try asks the hub for a fresh one.
    if (!own) {
      const failure = new TriviumError('network', `The storage of the hub refused to send ${subject}.`, {
        found,
        remedy: 'Try again; if it persists, a proxy on the way may be the cause.',
      });
      return new Transient(failure, 'interrupted');
    }
    const gated = errorCode === 'GatedRepo' ? ' Its licence must be accepted on its page first.' : '';
    return new TriviumError('forbidden', `The hub does not give ${subject} to this caller.${gated}`, {
      field: 'HF_TOKEN',
      found: errorCode ?? found,
      expected: 'a token of an account that may read the repository',
      remedy:
        this.#authorization === undefined
          ? 'Accept the terms on the page of the repository, then set HF_TOKEN to a read token of that account.'
          : 'Accept the terms on the page of the repository with the account of HF_TOKEN, or set another HF_TOKEN.',
    });
  }
}

function redirected(from: URL, location: string | null, subject: string): URL {
  const to =
    location !== null && URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  const downgraded = from.protocol === 'https:' && to?.protocol !== 'https:';
  if (to && /^https?:$/.test(to.protocol) && !downgraded) return to;
  throw new TriviumError('network', `The hub redirects ${subject} to where nobody should follow.`, {
    field: 'location',
    found: location ?? 'no address',
    expected: downgraded ? 'an https address' : 'an http address',
    remedy: 'Check HF_ENDPOINT and the proxy.',
  });
}

/**
 * A connection that was refused, reset, timed out or cut.
 * @param found the code of its cause by default: messages may hold addresses and headers whole
 */
export function brokenConnection(
  url: URL | string,
  subject: string,
  error: unknown,
  found = codeOf(error),
): Transient {
  const failure = new TriviumError('network', `The connection broke while asking for ${subject}.`, {
    field: new URL(url).host,
    found,
    remedy: 'Check the network, HTTPS_PROXY and HF_ENDPOINT, and try again; what has been fetched is kept.',
    cause: error,
  });
  return new Transient(failure, 'interrupted');
}

function codeOf(error: unknown): string | undefined {
  const { code, cause } = error as { code?: string; cause?: { code?: string } };
  return cause?.code ?? code;
}
