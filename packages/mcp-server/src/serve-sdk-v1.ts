/**
 * Binds a surface to the 1.x line of the MCP SDK, which speaks the revisions of the protocol up to 2025-11-25. One server a
 * connection. What is asked and answered is decided in `surface/`; here it only changes its clothes.
 */
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  CompleteRequestSchema,
  CreateMessageResultSchema,
  ElicitResultSchema,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  type ServerNotification,
  type ServerRequest,
  SetLevelRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { logFilter } from './surface/log-filter.js';
import { protocolFault } from './surface/protocol-fault.js';
import {
  callTool,
  complete,
  getPrompt,
  growingProgress,
  listedPrompts,
  listedTools,
  sourceOf,
} from './surface/requests.js';
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
  server.setRequestHandler(ListToolsRequestSchema, async () => ({ tools: listedTools(surface) }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) =>
    faulty(() =>
      runTool(surface, params.name, params.arguments ?? {}, extra, {
        ...contextOf(surface, server, extra, log),
        caller,
      }),
    ),
  );
  if (surface.prompts) bindPrompts(server, surface);
  if (surface.resources) bindResources(server, surface, caller);
  if (surface.prompts || surface.resources) {
    server.setRequestHandler(CompleteRequestSchema, ({ params }) =>
      faulty(async () => ({ completion: await complete(surface, params.ref, params.argument) })),
    );
  }
  return server;
}

function bindPrompts(server: Server, surface: McpSurface): void {
  server.setRequestHandler(ListPromptsRequestSchema, async () => ({ prompts: listedPrompts(surface) }));
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) =>
    faulty(() => getPrompt(surface, params.name, params.arguments)),
  );
}

function bindResources(server: Server, surface: McpSurface, caller: string | undefined): void {
  const resources = surface.resources!;
  server.setRequestHandler(ListResourcesRequestSchema, ({ params }) =>
    faulty(() => resources.list(params?.cursor)),
  );
  server.setRequestHandler(ListResourceTemplatesRequestSchema, async () => ({
    resourceTemplates: [...resources.templates],
  }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params: { uri } }, { signal }) =>
    faulty(async () => ({ contents: await sourceOf(surface, uri).read(uri, signal, caller) })),
  );
  if (!resources.watch) return;
  const subscriptions = new Subscriptions(surface, (uri) => {
    void server.sendResourceUpdated({ uri }).catch(() => {});
  });
  server.onclose = () => subscriptions.clear();
  server.setRequestHandler(SubscribeRequestSchema, ({ params }) =>
    faulty(async () => {
      await subscriptions.add(params.uri);
      return {};
    }),
  );
  server.setRequestHandler(UnsubscribeRequestSchema, async ({ params }) => {
    subscriptions.remove(params.uri);
    return {};
  });
}

/** What `surface/` throws, as this SDK sends it. */
async function faulty<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof McpError) throw error;
    const { code, message, data } = protocolFault(error);
    throw new McpError(code, message, data);
  }
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
