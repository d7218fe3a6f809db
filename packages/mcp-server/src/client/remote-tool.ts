/** One tool of a server as a tool of the AI SDK. */
import { randomUUID } from 'node:crypto';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import {
  type CallToolResult,
  CallToolResultSchema,
  type Tool as SdkTool,
} from '@modelcontextprotocol/sdk/types.js';
import { dynamicTool, jsonSchema, type Tool } from 'ai';
import type { ContentBlock } from '../surface/content.js';
import { clientError, toolFailure } from './client-error.js';

export interface McpToolOutput {
  content: ContentBlock[];
  /** By the server's word in the shape of the tool's output schema, where it has one: nobody checked. */
  structured?: Record<string, unknown>;
}

export interface ToolProgress {
  tool: string;
  toolCallId: string;
  done: number;
  total?: number;
  message?: string;
}

export interface ServerLink {
  client: Client;
  /** For messages and colliding names. */
  name: string;
  timeoutMs: number;
  onProgress: ((progress: ToolProgress) => void) | undefined;
  /** Who hears of the progress of which call. */
  listeners: Map<string | number, (progress: { done: number; total?: number; message?: string }) => void>;
}

export function remoteTool(link: ServerLink, tool: SdkTool): Tool {
  const { description, title, inputSchema } = tool;
  const shown = title ?? tool.annotations?.title;
  return dynamicTool({
    ...(description !== undefined && { description }),
    ...(shown !== undefined && { title: shown }),
    inputSchema: jsonSchema(inputSchema as Parameters<typeof jsonSchema>[0]),
    execute: (input, { abortSignal, toolCallId }) => call(link, tool.name, input, toolCallId, abortSignal),
    toModelOutput: ({ output }) => forModel(output as McpToolOutput),
  });
}

async function call(
  { client, name: server, timeoutMs, onProgress, listeners }: ServerLink,
  tool: string,
  input: unknown,
  toolCallId: string,
  signal: AbortSignal | undefined,
): Promise<McpToolOutput> {
  // A token of our own: the SDK's forgets a call with its answer, and with it the progress that came in the same breath.
  const progressToken = randomUUID();
  if (onProgress) {
    listeners.set(progressToken, (progress) => onProgress({ tool, toolCallId, ...progress }));
  }
  let answered: CallToolResult;
  try {
    const params = {
      name: tool,
      arguments: (input ?? {}) as Record<string, unknown>,
      ...(onProgress && { _meta: { progressToken } }),
    };
    // Not `callTool`: it checks answers by what the server listed first, and a renewed session may have other tools.
    answered = await client.request({ method: 'tools/call', params }, CallToolResultSchema, {
      timeout: timeoutMs,
      ...(signal && { signal }),
    });
  } catch (error) {
    throw clientError(error, `The tool ${tool} of ${server}`, signal);
  } finally {
    listeners.delete(progressToken);
  }
  const { content, structuredContent, isError } = answered;
  const blocks = content as ContentBlock[];
  if (isError) throw toolFailure(server, tool, textOf(blocks));
  return { content: blocks, ...(structuredContent && { structured: structuredContent }) };
}

const textOf = (content: readonly ContentBlock[]) =>
  content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n');

type ModelOutput = Awaited<ReturnType<NonNullable<Tool['toModelOutput']>>>;

/** What the model gets to read: the content; the data only where nothing else was said. */
function forModel({ content, structured }: McpToolOutput): ModelOutput {
  if (content.length === 0 && structured) return { type: 'json', value: structured as never };
  if (content.every(({ type }) => type === 'text')) return { type: 'text', value: textOf(content) };
  return { type: 'content', value: content.map(partOf) };
}

type ModelPart = Extract<ModelOutput, { type: 'content' }>['value'][number];

/** Models are shown what is an image; other data they get as a file. */
const dataPart = (data: string, mediaType: string): ModelPart => ({
  type: mediaType.startsWith('image/') ? 'image-data' : 'file-data',
  data,
  mediaType,
});

function partOf(block: ContentBlock): ModelPart {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text };
    case 'image':
    case 'audio':
      return dataPart(block.data, block.mimeType);
    case 'resource_link':
      return { type: 'text', text: `[${block.name}](${block.uri})` };
    case 'resource': {
      const { resource } = block;
      if ('text' in resource) return { type: 'text', text: `${resource.uri}\n${resource.text}` };
      return dataPart(resource.blob, resource.mimeType ?? 'application/octet-stream');
    }
    default:
      return { type: 'text', text: JSON.stringify(block) };
  }
}
