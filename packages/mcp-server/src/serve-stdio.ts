/** A surface over standard input and output, for clients of every revision. Standard output is protocol only. */
import type { Server } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio as serveWithSdk } from '@modelcontextprotocol/server/stdio';
import type { TriviumError } from '@trivium/protocol';
import { ListeningTransport } from './listen-watch.js';
import { createModernServer } from './serve-sdk-v2.js';
import { StdioMessages } from './stdio-messages.js';
import type { McpSurface } from './surface/surface.js';

/** One message is at most this large; what follows cannot be told apart any more, and the connection ends. */
const maxMessageBytes = 10 * 2 ** 20;

/**
 * Serves until the client has gone or `signal` aborts.
 * @throws TriviumError `too-large` when the client sends a message that is
 * @example
 * await serveStdio(surface, AbortSignal.timeout(3_600_000)); // an hour at most
 */
export async function serveStdio(surface: McpSurface, signal: AbortSignal): Promise<void> {
  const { stdin, stdout, stderr } = process;
  let server: Server | undefined;
  let failure: TriviumError | undefined;
  const report = (error: Error) => {
    if (error !== failure) stderr.write(`trivium-mcp-server: ${error.message}\n`);
  };
  const messages = new StdioMessages(maxMessageBytes, (refusal) => {
    report(new Error('what is no message of JSON-RPC was refused.'));
    // The SDK's type has no id that is null, which JSON-RPC asks for.
    void inner.send(refusal as never).catch(() => {});
  });
  messages.once('error', (error: TriviumError) => {
    failure = error;
  });
  // What passes `messages` is bounded already.
  const inner = new StdioServerTransport(messages, stdout, { maxBufferSize: Number.POSITIVE_INFINITY });
  const transport = new ListeningTransport(inner, surface, (uri) => {
    void server?.sendResourceUpdated({ uri }).catch(() => {});
  });
  const ended = new Promise<void>((resolve) => {
    const end = () => resolve();
    messages.once('end', end).once('close', end);
    stdin.once('close', end);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
  const handle = serveWithSdk(() => (server = createModernServer(surface)), {
    transport,
    onerror: report,
  });
  stdin.once('error', report).pipe(messages);
  await Promise.race([ended, transport.closed]);
  await handle.close();
  // What is still read of it would keep the process.
  stdin.unpipe(messages).pause();
  if (failure) throw failure;
}
