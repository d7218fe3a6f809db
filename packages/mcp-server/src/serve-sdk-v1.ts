/**
 * Binds a surface to the 1.x line of the MCP SDK, which speaks the revisions of the protocol up to 2025-11-25. One server a
 * connection. What is asked and answered is decided in `surface/`; here it only changes its clothes.
 */
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ClientRequestSchema,
  CreateMessageResultSchema,
  ElicitResultSchema,
  McpError,
  type ServerNotification,
  type ServerRequest,
  SetLevelRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { handlersOf } from './surface/handlers.js';
import { logFilter } from './surface/log-filter.js';
import { protocolFault } from './surface/protocol-fault.js';
import { callTool, growingProgress } from './surface/requests.js';
import { capabilitiesOf } from './surface/server-capabilities.js';
import { Subscriptions } from './surface/subscriptions.js';
import type { McpSurface, Question, ToolContext } from './surface/surface.js';

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

/** A tool that goes on asking is stopped after so many rounds. */
const maxRounds = 8;

/**
 * A server for one connection; closing it ends what it watches.
 * @param caller whose connection it is, where callers are told apart: see `ToolContext`
 * @example
 * await createServer(surface).connect(new StdioServerTransport());
 */
export function createServer(surface: McpSurface, caller?: string): Server {
  const { name, version, instructions } = surface;
  const server = new Server(
    { name, version },
    { capabilities: capabilitiesOf(surface), ...(instructions && { instructions }) },
  );
  const log = logFilter();
  if (surface.logging) {
    server.setRequestHandler(SetLevelRequestSchema, async ({ params }) => {
      log.setLevel(params.level);
      return {};
    });
  }
  server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) =>
    runTool(surface, params.name, params.arguments ?? {}, extra, {
      ...contextOf(surface, server, extra, log),
      caller,
    }).catch((error: unknown) => {
      throw errorOf(error);
    }),
  );
  const subscriptions = new Subscriptions(surface, (uri) => {
    void server.sendResourceUpdated({ uri }).catch(() => {});
  });
  server.onclose = () => subscriptions.clear();
  for (const [method, answer] of handlersOf(surface, { caller, subscriptions, errorOf })) {
    const schema = ClientRequestSchema.options.find(({ shape }) => shape.method.value === method)!;
    server.setRequestHandler(schema, ({ params }, { signal }) => answer(params, signal) as never);
  }
  return server;
}

/** What `surface/` throws, as this SDK sends it. */
function errorOf(error: unknown): McpError {
  if (error instanceof McpError) return error;
  const { code, message, data } = protocolFault(error);
  return new McpError(code, message, data);
}

async function runTool(
  surface: McpSurface,
  name: string,
  input: Record<string, unknown>,
  extra: Extra,
  context: ToolContext,
): Promise<CallToolResult> {
  let answers: Record<string, unknown> = {};
  for (let round = 0; round < maxRounds; round++) {
    const result = await callTool(surface, name, input, { ...context, answers });
    if (!('questions' in result)) {
      const { content, structured, isError } = result;
      return { content, ...(structured && { structuredContent: structured }), isError };
    }
    const asked = Object.entries(result.questions).filter(([key]) => !Object.hasOwn(answers, key));
    const given = await Promise.all(asked.map(async ([key, question]) => [key, await ask(question, extra)]));
    answers = { ...answers, ...Object.fromEntries(given) };
  }
  throw new McpError(-32603, `${name} asked more than ${maxRounds} times.`);
}

function contextOf(
  surface: McpSurface,
  server: Server,
  extra: Extra,
  log: ReturnType<typeof logFilter>,
): ToolContext {
  const progressToken = extra._meta?.progressToken;
  const { sampling, elicitation } = server.getClientCapabilities() ?? {};
  const send = (notification: ServerNotification) =>
    void extra.sendNotification(notification).catch(() => {});
  return {
    signal: extra.signal,
    canAsk: { sample: sampling !== undefined, elicit: elicitation !== undefined },
    closeStream: extra.closeSSEStream,
    ...(progressToken !== undefined && {
      onProgress: growingProgress((params) =>
        send({ method: 'notifications/progress', params: { progressToken, ...params } }),
      ),
    }),
    ...(surface.logging && {
      log: (level, data, logger) => {
        if (log.wants(level))
          send({ method: 'notifications/message', params: { level, data, ...(logger && { logger }) } });
      },
    }),
  };
}

function ask(question: Question, extra: Extra): Promise<unknown> {
  // People take their time; a call that is cancelled asks no longer.
  const options = { signal: extra.signal, timeout: 600_000 };
  if (question.kind === 'elicit') {
    const params = { message: question.text, requestedSchema: question.schema as never };
    return extra.sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema, options);
  }
  const { kind: _, messages, ...rest } = question;
  const params = { messages: messages as never, ...rest };
  return extra.sendRequest({ method: 'sampling/createMessage', params }, CreateMessageResultSchema, options);
}
