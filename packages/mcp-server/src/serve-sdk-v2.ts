/**
 * Binds a surface to the 2.x line of the MCP SDK, which speaks the revision of 2026-07-28 and, where an entry asks for it, the
 * ones before. What is asked and answered is decided in `surface/`; here it only changes its clothes.
 */
import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type InputRequiredResult,
  inputRequired,
  ProtocolError,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { handlersOf } from './surface/handlers.js';
import { protocolFault } from './surface/protocol-fault.js';
import { callTool, growingProgress } from './surface/requests.js';
import { capabilitiesOf } from './surface/server-capabilities.js';
import { Subscriptions } from './surface/subscriptions.js';
import type { McpSurface, Question, ToolContext } from './surface/surface.js';

/**
 * A server for one connection or one request, as the SDK's entries want it.
 * @param caller whose it is, where callers are told apart: see `ToolContext`
 * @example
 * export default createMcpHandler(() => createModernServer(surface)); // a worker at the edge
 */
export function createModernServer(surface: McpSurface, caller?: string): Server {
  const { name, version, instructions } = surface;
  const server = new Server(
    { name, version },
    { capabilities: capabilitiesOf(surface), ...(instructions && { instructions }) },
  );
  server.setRequestHandler('tools/call', ({ params }, context) =>
    runTool(surface, params.name, params.arguments ?? {}, context, {
      ...contextOf(surface, server, context),
      caller,
    }).catch((error: unknown) => {
      throw errorOf(error);
    }),
  );
  // Of the revisions before 2026-07-28: later ones listen through the entry, see `listen-watch.ts`.
  const subscriptions = new Subscriptions(surface, (uri) => {
    void server.sendResourceUpdated({ uri }).catch(() => {});
  });
  server.onclose = () => subscriptions.clear();
  for (const [method, answer] of handlersOf(surface, { caller, subscriptions, errorOf }))
    server.setRequestHandler(method, ({ params }, { mcpReq }) => answer(params, mcpReq.signal) as never);
  return server;
}

/** What `surface/` throws, as this SDK sends it. */
function errorOf(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  const { code, message, data } = protocolFault(error);
  return new ProtocolError(code, message, data);
}

async function runTool(
  surface: McpSurface,
  name: string,
  input: Record<string, unknown>,
  context: ServerContext,
  toolContext: ToolContext,
): Promise<CallToolResult | InputRequiredResult> {
  const answers = { ...earlierAnswers(context), ...context.mcpReq.inputResponses };
  const result = await callTool(surface, name, input, { ...toolContext, answers });
  if ('questions' in result) {
    const asked = Object.entries(result.questions).filter(([key]) => !Object.hasOwn(answers, key));
    return inputRequired({
      inputRequests: Object.fromEntries(asked.map(([key, question]) => [key, requestOf(question)])),
      requestState: JSON.stringify(answers),
    });
  }
  const { content, structured, isError } = result;
  return { content, ...(structured && { structuredContent: structured }), isError };
}

/** Answers of rounds before travel with the client, who gave them: it gains nothing by changing them. */
function earlierAnswers({ mcpReq }: ServerContext): Record<string, unknown> {
  const state = mcpReq.requestState<string>();
  if (typeof state !== 'string') return {};
  try {
    const answers: unknown = JSON.parse(state);
    return typeof answers === 'object' && answers !== null ? { ...answers } : {};
  } catch {
    return {};
  }
}

function contextOf(surface: McpSurface, server: Server, { mcpReq, http }: ServerContext): ToolContext {
  const progressToken = mcpReq._meta?.progressToken;
  // Later revisions say it with each request.
  const envelope = mcpReq.envelope as Record<string, ClientCapabilities | undefined> | undefined;
  const said = envelope?.[CLIENT_CAPABILITIES_META_KEY] ?? server.getClientCapabilities();
  const { sampling, elicitation } = said ?? {};
  return {
    signal: mcpReq.signal,
    canAsk: { sample: sampling !== undefined, elicit: elicitation !== undefined },
    closeStream: http?.closeSSE,
    ...(progressToken !== undefined && {
      onProgress: growingProgress((params) => {
        void mcpReq
          .notify({ method: 'notifications/progress', params: { progressToken, ...params } })
          .catch(() => {});
      }),
    }),
    ...(surface.logging && {
      log: (level, data, logger) => void mcpReq.log(level, data, logger).catch(() => {}),
    }),
  };
}

function requestOf(question: Question) {
  if (question.kind === 'elicit')
    return inputRequired.elicit({ message: question.text, requestedSchema: question.schema as never });
  const { kind: _, messages, ...rest } = question;
  return inputRequired.createMessage({ messages: messages as never, ...rest });
}
