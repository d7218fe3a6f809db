/**
 * Who may ask: the name that was called (DNS rebinding), the page that calls, the token. Looks at headers alone, and at the
 * whole of a token in constant time.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { TriviumError } from '@trivium/protocol';
import { refusal } from './refusal.js';

/** How this machine calls itself. */
export const loopbackNames: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

export interface GateSettings {
  /**
   * Names, without port, under which the server may be called; `'*'` for any, which only a token makes safe. Default: those of
   * this machine alone.
   */
  allowedHosts?: readonly string[];
  /** Origins of pages that may call, `https://app.example`, beside those of this machine; `'*'` for any. */
  allowedOrigins?: readonly string[];
  /** What `authorization: Bearer` must hold, without blanks around it: headers do not keep them. Default: nothing is asked for. */
  token?: string | undefined;
}

/**
 * Answers the refusal of a request, or nothing where it may pass.
 * @throws TriviumError `invalid-argument` for a token of blanks
 */
export function createGate({ allowedHosts = loopbackNames, allowedOrigins = [], token }: GateSettings) {
  const hosts = new Set(allowedHosts.map((name) => name.toLowerCase()));
  const origins = new Set(allowedOrigins.map((origin) => origin.toLowerCase().replace(/\/$/, '')));
  const wanted = token === undefined ? undefined : digest(trimmed(token));
  const originIsAllowed = (origin: string) =>
    origins.has('*') || origins.has(origin.toLowerCase()) || loopbackNames.includes(nameOf(origin) ?? '');
  // All who pass with the token are one caller; the token cannot be read from the word for it.
  const caller = wanted?.toString('hex');
  return {
    originIsAllowed,
    callerOf: (_request: Request) => caller,
    check(request: Request): Response | undefined {
      const host = request.headers.get('host') ?? new URL(request.url).host;
      const name = nameOf(`http://${host}`);
      if (!hosts.has('*') && (name === undefined || !hosts.has(name))) {
        return refusal('forbidden', 'The server is not called by this name.', {
          remedy: 'Call it as localhost, or start it with --allowed-host NAME.',
        });
      }
      const origin = request.headers.get('origin');
      if (origin !== null && !originIsAllowed(origin)) {
        return refusal('forbidden', 'Pages of this origin may not call the server.', {
          remedy: 'Start it with --allowed-origin ORIGIN to let them.',
        });
      }
      if (wanted === undefined || request.method === 'OPTIONS') return undefined;
      const given = /^bearer +(\S.*)$/i.exec(request.headers.get('authorization') ?? '')?.[1]?.trim();
      if (given !== undefined && timingSafeEqual(digest(given), wanted)) return undefined;
      return refusal('unauthorized', 'The bearer token is missing or wrong.', {
        headers: { 'www-authenticate': 'Bearer' },
        remedy: 'Send the token that the server was started with as authorization: Bearer TOKEN.',
      });
    },
  };
}

function trimmed(token: string): string {
  const kept = token.trim();
  if (kept !== '') return kept;
  throw new TriviumError('invalid-argument', 'The token is empty.', {
    field: 'token',
    remedy: 'Give one of at least one character, or none at all.',
  });
}

const digest = (text: string) => createHash('sha256').update(text).digest();

function nameOf(url: string): string | undefined {
  try {
    return new URL(url).hostname.toLowerCase();
  } catch {
    return undefined;
  }
}
