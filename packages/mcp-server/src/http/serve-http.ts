/** `createMcpFetch` behind a socket: listens, answers at one path, shuts down without cutting anybody off in mid-sentence. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { TriviumError } from '@trivium/protocol';
import { loopbackNames } from './gate.js';
import { createMcpFetch, type McpFetchSettings } from './mcp-fetch.js';
import { refusal } from './refusal.js';

export const mcpPath = '/mcp';
/** What connections that do not end are given at shutdown. */
const graceMs = 3000;

export interface ServeHttpSettings extends McpFetchSettings {
  /** Default: 127.0.0.1. */
  host?: string;
  /** 0 takes a free one. Default: 7475. */
  port?: number;
}

export interface HttpServer extends AsyncDisposable {
  /** `http://127.0.0.1:7475/mcp` */
  readonly url: string;
  close(): Promise<void>;
}

const isLoopback = (host: string) =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

/** Beyond this machine the token is the guard, and the server's names are not known unless they are given. */
function allowedHosts(host: string, given: readonly string[] = []): string[] {
  if (isLoopback(host)) return [...loopbackNames, host, ...given];
  return given.length > 0 ? [...loopbackNames, ...given, host] : ['*'];
}

/**
 * @throws TriviumError `invalid-argument` for a token of blanks and where it would listen beyond this machine without one, `io`
 * where it cannot listen
 * @example
 * await using server = await serveHttp({ surface, port: 0 });
 * console.log(server.url);
 */
export async function serveHttp({
  host = '127.0.0.1',
  port = 7475,
  ...settings
}: ServeHttpSettings): Promise<HttpServer> {
  if (!isLoopback(host) && settings.token === undefined) {
    throw new TriviumError('invalid-argument', `Listening on ${host} lets other machines call.`, {
      field: '--host',
      found: host,
      expected: 'a bearer token beside it',
      remedy: 'Set --token or TRIVIUM_MCP_TOKEN, or listen on 127.0.0.1.',
    });
  }
  const mcp = createMcpFetch({ ...settings, allowedHosts: allowedHosts(host, settings.allowedHosts) });
  const fetch = (request: Request) =>
    new URL(request.url).pathname.replace(/\/$/, '') === mcpPath
      ? mcp.fetch(request)
      : refusal('not-found', 'Here is nothing.', { remedy: `MCP is at ${mcpPath}.` });
  const server = createAdaptorServer({ fetch, overrideGlobalObjects: false }) as Server;
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new TriviumError('io', `${host}:${port} cannot be listened on: ${(cause as Error).message}`, {
      field: '--port',
      remedy: 'Choose another port; 0 takes a free one.',
      cause,
    });
  }
  const { port: bound } = server.address() as AddressInfo;
  const close = () => shutDown(server, () => mcp.close());
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}${mcpPath}`,
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function shutDown(server: Server, endSessions: () => Promise<void>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await endSessions();
  // Connections that are kept alive go as soon as their last answer has gone.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(timer);
}
