/** What a server is made with. Settles defaults; knows no routes. */
import { type Plugin, TriviumError } from '@trivium/protocol';
import { Admission } from '../base/admission.js';
import { assertWholeNumber } from '../base/whole-number.js';
import type { Host } from '../host/index.js';
import { type Permissions, ServedFolder } from '../served/index.js';
import type { ServedModel } from './served-models.js';
import type { StreamStore } from './ui/stream-store.js';

/** What happened to one request. Never holds what was asked or answered. */
export interface RequestLogEntry {
  requestId: string;
  method: string;
  /** The path of the route, `/v1/jobs/{id}`; `unknown` where there is none. */
  route: string;
  status: number;
  /** Milliseconds until the answer had ended. */
  durationMs: number;
  /** Code of the error, where one was answered. */
  code?: string;
  /** What the system refused it with, `ENOSPC`, where the server failed for that. */
  systemCode?: string;
  /** Where the server's own fault was thrown: frames of its stack, without its message. */
  fault?: string;
}

/** What else a server answers: a page's files, another protocol. */
export interface MountedHandler {
  /** Everything at and below it, `/mcp`. */
  path: `/${string}`;
  /** Asks for no key. */
  isOpen?: boolean;
  /**
   * Called behind the gate: host, origin and key have been checked, and `callerOf` tells which key it was. It reads, and bounds,
   * bodies by itself.
   */
  fetch(request: Request): Response | Promise<Response>;
}

export interface HandlerSettings extends Permissions {
  /** Models, documents and jobs; it stays the caller's to dispose of. */
  host: Host;
  /** Plugins whose capabilities are served; default: documents and models. */
  plugins?: readonly Plugin[];
  /** The model of calls that name none; default: the host's, or none where there are `models`. */
  model?: string;
  /**
   * Models by the ids that clients use: AI SDK models of any kind, or references of the host's own (`nano`, a path, `hf:`).
   * Nothing else is served then. Default: `nano`, models inside `root`, and those of the hub with `allowNetwork`.
   */
  models?: Readonly<Record<string, ServedModel>>;
  /** Keys of which each request gives one as `authorization: Bearer KEY`; default: none is asked for. */
  apiKeys?: readonly string[];
  /** The only folder that callers may name paths in; default: the working directory. */
  root?: string;
  /** Where the paths begin, `/ai` for a handler that is mounted there; default: at the root. */
  basePath?: string;
  /** Bytes of a request's body at most; default 16 MiB. */
  maxBodyBytes?: number;
  /** Calls that run at once; default 64. */
  maxConcurrent?: number;
  /** Calls that wait for a place; more are answered with 429. Default 256. */
  maxQueued?: number;
  /** Places that other surfaces over this host take too, in place of ones of `maxConcurrent` and `maxQueued`. */
  admission?: Admission;
  /**
   * Names of this server that a `Host` header may give, ports left out; `*` is any. Default: `localhost` and the loopback
   * addresses, so that no web page can reach it under a name of its own; any where keys are asked for.
   */
  allowedHosts?: readonly string[];
  /** Origins (`https://app.example`) whose pages may call; `*` is any. Default: pages of this server's own origin. */
  allowedOrigins?: readonly string[];
  /** Where streams of `/api/chat` are kept so that clients can resume them; default: in memory. */
  streamStore?: StreamStore;
  /** Handlers beside the server's own routes, behind the same gate. */
  mounts?: readonly MountedHandler[];
  /** Told of each request when it has ended. */
  onRequest?: (entry: RequestLogEntry) => void;
}

export const loopbackNames = ['localhost', '127.0.0.1', '[::1]'] as const;

/** @throws TriviumError `invalid-argument` naming the setting */
export function settle(settings: HandlerSettings) {
  const { apiKeys = [], maxBodyBytes = 16 * 2 ** 20 } = settings;
  const allowedHosts = settings.allowedHosts ?? (apiKeys.length > 0 ? ['*'] : loopbackNames);
  assertWholeNumber('maxBodyBytes', maxBodyBytes, 1);
  if (apiKeys.some((key) => key.trim() === '')) {
    throw new TriviumError('invalid-argument', 'An API key is empty.', {
      field: 'apiKeys',
      remedy: 'Give keys of at least one character, or none at all.',
    });
  }
  const { allowedOrigins = [], basePath = '' } = settings;
  if (!/^(?:\/[\w.~-]+)*$/.test(basePath)) {
    throw new TriviumError('invalid-argument', `"${basePath}" is no path to begin with.`, {
      field: 'basePath',
      found: basePath,
      expected: '"/ai", without a slash at its end',
      remedy: 'Correct the value.',
    });
  }
  return {
    ...settings,
    apiKeys,
    maxBodyBytes,
    admission: settings.admission ?? new Admission(settings),
    allowedHosts,
    allowedOrigins,
    basePath,
    root: ServedFolder.realRoot(settings.root ?? process.cwd()),
  };
}
