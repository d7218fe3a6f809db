/**
 * Connects to any MCP server and hands out its tools as tools of the AI SDK. Offers the server nothing of its own: no model, no
 * user, no folders.
 */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  ProgressNotificationSchema,
  type Tool as SdkTool,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { TriviumError } from '@trivium/protocol';
import type { Tool } from 'ai';
import { clientError } from './client-error.js';
import { remoteTool, type ServerLink, type ToolProgress } from './remote-tool.js';
import { type McpTarget, wayTo } from './transports.js';

declare const VERSION: string;

export interface McpConnectionOptions {
  /** Prefix of tools whose names are taken, and the server's name in messages. Default: what the server calls itself. */
  name?: string;
  /** For one call, in milliseconds, up to 24 days. Default: 10 minutes. */
  timeoutMs?: number;
  /** How far calls are. */
  onProgress?: (progress: ToolProgress) => void;
  /** Gives up connecting. */
  signal?: AbortSignal;
}

export interface McpConnection extends AsyncDisposable {
  /** What the server calls itself. */
  readonly server: { name: string; version: string };
  /** When to use it, in its own words. */
  readonly instructions: string | undefined;
  /** The SDK's client, for resources, prompts and the rest. */
  readonly client: Client;
  /**
   * The server's tools as they are now. A name that is in `taken` gets the server's name in front of it; characters that models
   * do not take in names become `_`.
   * @example
   * tools: { ...mine, ...docs.tools(mine) }
   */
  tools(taken?: Readonly<Record<string, unknown>>): Record<string, Tool>;
  /** Ends the session, and with it the calls that run in the server; a server by URL has a second to hear of it. */
  close(): Promise<void>;
}

/** The longest that a timer takes: longer ones end at once. */
const longestTimerMs = 2 ** 31 - 1;

/** More pages of tools than this are no list any more. */
const maxPages = 100;

/**
 * @throws TriviumError `network` where nobody answers, `unauthorized`, `forbidden`, `cancelled`. Tools that fail throw
 * TriviumErrors too: with the server's own code where it is a server of ours, else `network`. A server by URL that has
 * forgotten the session, after a restart for one, is given a new one and the call again; calls that it had taken fail with
 * `network`, as does each whose own stream broke and cannot be taken up again, and subscriptions of `client` are to be made anew
 * @example
 * await using docs = await connectMcp({ command: 'npx', args: ['trivium-mcp-server', '--root', './docs'] });
 * const { text } = await generateText({ model, tools: docs.tools(), stopWhen: stepCountIs(5), prompt: 'How long does tea steep?' });
 */
export async function connectMcp(
  target: McpTarget,
  { name, timeoutMs = 600_000, onProgress, signal }: McpConnectionOptions = {},
): Promise<McpConnection> {
  const newClient = () => new Client({ name: 'trivium', version: VERSION });
  const client = newClient();
  let listed: SdkTool[];
  const listAgain = async (asking: Client, signal?: AbortSignal) => {
    // A list that does not come leaves the one before.
    listed = await listTools(asking, signal).catch(() => listed);
  };
  const { transport, place, lastWords } = wayTo(target, { newClient, onGreeted: listAgain });
  const listeners: ServerLink['listeners'] = new Map();
  try {
    await client.connect(transport, signal ? { signal } : {});
    hearProgress(transport, listeners);
    listed = await listTools(client, signal);
  } catch (thrown) {
    await client.close().catch(() => {});
    const error = clientError(thrown, `Connecting to ${place}`, signal);
    const said = lastWords();
    if (said === '' || error.code === 'cancelled') throw error;
    throw new TriviumError(error.code, `${error.message}\n${said}`, { remedy: error.remedy, cause: thrown });
  }
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => listAgain(client));
  const { name: itself = place, version = '' } = client.getServerVersion() ?? {};
  const link: ServerLink = {
    client,
    name: name ?? itself,
    timeoutMs: Math.min(timeoutMs, longestTimerMs),
    onProgress,
    listeners,
  };
  const close = () => client.close();
  return {
    server: { name: itself, version },
    instructions: client.getInstructions(),
    client,
    tools: (taken = {}) => namedTools(link, listed, taken),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Takes the progress of our own calls from the wire; all else is the SDK's, progress that users of `client` ask for too. */
function hearProgress(transport: Transport, listeners: ServerLink['listeners']): void {
  const passOn = transport.onmessage;
  transport.onmessage = (message, extra) => {
    const { success, data } = ProgressNotificationSchema.safeParse(message);
    const listener = success ? listeners.get(data.params.progressToken) : undefined;
    if (!success || !listener) return passOn?.(message, extra);
    const { progress, total, message: text } = data.params;
    listener({
      done: progress,
      ...(total !== undefined && { total }),
      ...(text !== undefined && { message: text }),
    });
  };
}

async function listTools(client: Client, signal?: AbortSignal): Promise<SdkTool[]> {
  const tools: SdkTool[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < maxPages; page++) {
    const listed = await client.listTools(cursor === undefined ? {} : { cursor }, signal ? { signal } : {});
    tools.push(...listed.tools);
    cursor = listed.nextCursor;
    if (cursor === undefined) return tools;
  }
  throw new TriviumError('network', `The server lists more than ${maxPages} pages of tools.`);
}

const asName = (text: string) => text.replace(/[^a-zA-Z0-9_-]/g, '_');

function namedTools(
  link: ServerLink,
  listed: readonly SdkTool[],
  taken: Readonly<Record<string, unknown>>,
): Record<string, Tool> {
  const tools: Record<string, Tool> = {};
  const isTaken = (name: string) => Object.hasOwn(taken, name) || Object.hasOwn(tools, name);
  for (const tool of listed) {
    const plain = asName(tool.name);
    const prefixed = asName(`${link.name}_${tool.name}`);
    const free = isTaken(plain) ? prefixed : plain;
    if (isTaken(free)) {
      throw new TriviumError('invalid-argument', `Two tools would be named ${free}.`, {
        field: 'name',
        found: link.name,
        remedy: 'Give the connection another name.',
      });
    }
    tools[free] = remoteTool(link, tool);
  }
  return tools;
}
