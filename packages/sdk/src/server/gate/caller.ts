/**
 * Who may call: the host that the caller believes to talk to (against DNS rebinding), the page it comes from (against
 * pages that call behind their reader's back) and its key. Knows headers, no routes.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { TriviumError } from '@trivium/protocol';

/** The name in a `Host` header, without its port: `localhost` of `localhost:7474`, `[::1]` of `[::1]:7474`. */
const nameOf = (host: string) => host.toLowerCase().replace(/:\d*$/, '');

/** @throws TriviumError `forbidden` for a host that is not one of this server's names */
export function checkHost(request: Request, allowed: readonly string[]): void {
  // A handler inside another server may see no header; then the address is what that server made of it.
  const host = request.headers.get('host') ?? new URL(request.url).host;
  if (allowed.includes('*') || allowed.some((name) => nameOf(name) === nameOf(host))) return;
  throw new TriviumError('forbidden', `This server is not called "${nameOf(host)}".`, {
    field: 'host',
    found: host,
    remedy: 'Call it by its own name, or start it with that name among the allowed hosts.',
  });
}

/** The origin that may read the answer; `undefined` where no page asks. @throws TriviumError `forbidden` */
export function checkOrigin(request: Request, allowed: readonly string[]): string | undefined {
  const origin = request.headers.get('origin');
  if (origin === null) return undefined;
  const host = request.headers.get('host') ?? new URL(request.url).host;
  if (allowed.includes('*') || allowed.includes(origin) || hostOf(origin) === host.toLowerCase())
    return origin;
  throw new TriviumError('forbidden', `Pages of ${origin} may not call this server.`, {
    field: 'origin',
    found: origin,
    remedy: 'Start the server with that origin among the allowed origins.',
  });
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}

const callers = new WeakMap<Request, string>();

/**
 * Who sends a request that the server has let in: a word for the key that it gave, which the key cannot be read from. `undefined`
 * where no key is asked for: callers are not told apart there, whatever they send.
 */
export const callerOf = (request: Request): string | undefined => callers.get(request);

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Takes the same time whatever is wrong with a key. Blanks around one are none of it: headers do not keep them. */
export class ApiKeys {
  readonly #digests: readonly Buffer[];

  constructor(keys: readonly string[]) {
    this.#digests = keys.map((key) => digest(key.trim()));
  }

  /**
   * From here on `callerOf` knows whose the request is.
   * @throws TriviumError `unauthorized` where keys are asked for and none that is known was given
   */
  check(request: Request): void {
    if (this.#digests.length === 0) return;
    const [scheme = '', ...rest] = (request.headers.get('authorization') ?? '').split(' ');
    const given = digest(scheme.toLowerCase() === 'bearer' ? rest.join(' ').trim() : '');
    let isKnown = false;
    for (const key of this.#digests) isKnown = timingSafeEqual(key, given) || isKnown;
    if (isKnown) {
      callers.set(request, given.toString('hex'));
      return;
    }
    throw new TriviumError('unauthorized', 'This server asks for a key.', {
      field: 'authorization',
      expected: 'authorization: Bearer KEY',
      found: scheme === '' ? 'no key' : 'a key that is not known',
      remedy: 'Give one of the keys that the server was started with.',
    });
  }
}
