/** Binds tools to the 1.x line of the MCP SDK. */
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
} from '@modelcontextprotocol/sdk/types.js';
import type { Tool } from './tools.js';

const instructions =
  'Reads, searches, summarizes and answers from the documents in one folder, locally and with citations. ' +
  'Use documents_ask for a question, documents_search for passages, documents_summarize for an overview. ' +
  'Paths are relative to the folder; leave them out for all of it.';

export function createServer(tools: readonly Tool[], version: string): Server {
  const server = new Server({ name: 'trivium', version }, { capabilities: { tools: {} }, instructions });
  server.setRequestHandler(ListToolsRequestSchema, async () => ({
    tools: tools.map(({ run: _, ...tool }) => tool),
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const tool = tools.find(({ name }) => name === params.name);
    if (!tool) throw new McpError(ErrorCode.InvalidParams, `There is no tool ${params.name}.`);
    const progressToken = params._meta?.progressToken;
    let last = 0;
    const { structured, text, isError } = await tool.run(params.arguments ?? {}, {
      signal: extra.signal,
      onProgress:
        progressToken === undefined
          ? undefined
          : ({ done, total, message }) => {
              // The protocol wants progress to grow with every notification.
              last = Math.max(last + 1e-6, done);
              const progress = {
                progressToken,
                progress: last,
                ...(total !== undefined && { total }),
                ...(message && { message }),
              };
              void extra
                .sendNotification({ method: 'notifications/progress', params: progress })
                .catch(() => {});
            },
    });
    return {
      content: [{ type: 'text' as const, text }],
      ...(structured && { structuredContent: structured }),
      isError,
    };
  });
  return server;
}
