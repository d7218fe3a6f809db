/** A surface over standard input and output, for clients of every revision. Standard output is protocol only. */
import type { Server } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio as serveWithSdk } from '@modelcontextprotocol/server/stdio';
import { TriviumError } from '@trivium/protocol';
import { ListeningTransport } from './listen-watch.js';
import { createModernServer } from './serve-sdk-v2.js';
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
  const inner = new StdioServerTransport(stdin, stdout, { maxBufferSize: maxMessageBytes });
  const transport = new ListeningTransport(inner, surface, (uri) => {
    void server?.sendResourceUpdated({ uri }).catch(() => {});
  });
  const ended = new Promise<void>((resolve) => {
    const end = () => resolve();
    stdin.once('end', end).once('close', end);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
  let isTooLarge = false;
  const handle = serveWithSdk(() => (server = createModernServer(surface)), {
    transport,
    onerror: (error) => {
      // The SDK's own words; it has no name for it.
      isTooLarge ||= error.message.startsWith('ReadBuffer exceeded');
      stderr.write(`trivium-mcp-server: ${sentenceOf(error)}\n`);
    },
  });
  await Promise.race([ended, transport.closed]);
  await handle.close();
  if (!isTooLarge) return;
  throw new TriviumError('too-large', 'The client sent a message that is too large, and was left.', {
    expected: `at most ${maxMessageBytes} bytes`,
    remedy: 'Send less, or name a file below the root instead of its text.',
  });
}

/** Errors of schemas are pages of JSON. */
const sentenceOf = ({ name, message }: Error) =>
  name === 'ZodError' || message.startsWith('[')
    ? 'a message that is none of JSON-RPC was passed over.'
    : message;
