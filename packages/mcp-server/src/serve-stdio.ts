/** A surface over standard input and output, for clients of every revision. Standard output is protocol only. */
import type { Server } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio as serveWithSdk } from '@modelcontextprotocol/server/stdio';
import { ListeningTransport } from './listen-watch.js';
import { createModernServer } from './serve-sdk-v2.js';
import type { McpSurface } from './surface/surface.js';

/** Serves until the client has gone or `signal` aborts. */
export async function serveStdio(surface: McpSurface, signal: AbortSignal): Promise<void> {
  let server: Server | undefined;
  const transport = new ListeningTransport(new StdioServerTransport(), surface, (uri) => {
    void server?.sendResourceUpdated({ uri }).catch(() => {});
  });
  const ended = new Promise<void>((resolve) => {
    process.stdin.once('end', resolve).once('close', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const handle = serveWithSdk(() => (server = createModernServer(surface)), {
    transport,
    onerror: ({ message }) => process.stderr.write(`trivium-mcp-server: ${message}\n`),
  });
  await ended;
  await handle.close();
}
