/**
 * A surface over Streamable HTTP as one function from requests to responses, for clients of every revision: those that begin
 * with `initialize` get a session, those of 2026-07-28 need none. Knows no sockets: whoever has a server mounts it.
 */
import { createMcpHandler, isLegacyRequest } from '@modelcontextprotocol/server';
import { TriviumError } from '@trivium/protocol';
import { ListenedResources, listenedUris } from '../listen-watch.js';
import { createModernServer } from '../serve-sdk-v2.js';
import type { McpSurface } from '../surface/surface.js';
import { corsHeaders } from './cors.js';
import { createGate, type GateSettings } from './gate.js';
import { onBodyEnd } from './on-body-end.js';
import { readJsonBody } from './read-body.js';
import { refusal } from './refusal.js';
import { type SessionSettings, Sessions } from './sessions.js';

export interface McpFetchSettings extends GateSettings {
  surface: McpSurface;
  /** Bytes of one request. Default: 4 MiB. */
  maxBodyBytes?: number;
  sessions?: SessionSettings;
  /**
   * A word for whoever sends a request, where somebody else checks keys (`callerOf` of `@trivium/sdk/server`): callers know their own
   * jobs and sessions alone. Default: one for the token, and none without it.
   */
  callerOf?: (request: Request) => string | undefined;
  /** Told of what goes wrong outside of any call. */
  onError?: (error: Error) => void;
}

export interface McpFetch extends AsyncDisposable {
  /** Answers one request; whoever mounts it has chosen by path. */
  fetch(request: Request): Promise<Response>;
  /** Ends sessions and streams; calls that run are cancelled. */
  close(): Promise<void>;
}

/**
 * @example
 * const mcp = createMcpFetch({ surface, token: process.env.TRIVIUM_MCP_TOKEN });
 * app.all('/mcp', ({ req }) => mcp.fetch(req.raw)); // Hono
 */
export function createMcpFetch({
  surface,
  maxBodyBytes = 4 * 2 ** 20,
  sessions: sessionSettings = {},
  callerOf: givenCallerOf,
  onError,
  ...gateSettings
}: McpFetchSettings): McpFetch {
  const gate = createGate(gateSettings);
  const callerOf = givenCallerOf ?? gate.callerOf;
  const sessions = new Sessions(surface, sessionSettings);
  const modern = createMcpHandler(
    ({ requestInfo }) => createModernServer(surface, requestInfo && callerOf(requestInfo)),
    {
      legacy: 'reject',
      ...(onError && { onerror: onError }),
    },
  );
  const listened = new ListenedResources(surface, (uri) => modern.notify.resourceUpdated(uri));
  let isClosed = false;

  async function answer(request: Request): Promise<Response> {
    if (isClosed) return refusal('disposed', 'The server is shutting down.');
    if (!['GET', 'POST', 'DELETE'].includes(request.method)) {
      return refusal('unsupported', `${request.method} is none of the methods of MCP.`, {
        status: 405,
        headers: { allow: 'GET, POST, DELETE' },
      });
    }
    if (request.method !== 'POST') return sessions.handle(request, callerOf(request));
    const body = await readJsonBody(request, maxBodyBytes);
    if ('refused' in body) return body.refused;
    const { value: parsedBody } = body;
    if (await isLegacyRequest(request, parsedBody))
      return sessions.handle(request, callerOf(request), parsedBody);
    if (listenedUris(parsedBody).length === 0) return modern.fetch(request, { parsedBody });
    return listen(request, parsedBody);
  }

  async function listen(request: Request, asked: unknown): Promise<Response> {
    // Before the entry acknowledges it.
    const { message, stop } = await listened.listen(asked, request.signal);
    request.signal.addEventListener('abort', stop, { once: true });
    try {
      if (request.signal.aborted) throw new TriviumError('cancelled', 'The client has gone.');
      return onBodyEnd(await modern.fetch(request, { parsedBody: message }), stop);
    } catch (error) {
      stop();
      throw error;
    }
  }

  function refusalOf(error: unknown): Response {
    if (TriviumError.isInstance(error)) {
      const { code, message, remedy } = error;
      return refusal(code, message, { ...(remedy && { remedy }) });
    }
    onError?.(error as Error);
    return refusal('internal', 'The request failed inside the server.', { number: -32603 });
  }

  async function close(): Promise<void> {
    isClosed = true;
    await Promise.all([sessions.close(), modern.close()]);
  }

  return {
    async fetch(request) {
      const refused = gate.check(request);
      if (refused) return refused;
      const cors = corsHeaders(request, gate.originIsAllowed);
      if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: cors });
      let response: Response;
      try {
        response = await answer(request);
      } catch (error) {
        response = refusalOf(error);
      }
      for (const [name, value] of Object.entries(cors)) response.headers.set(name, value);
      return response;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
