/**
 * Clients of both SDK lines behind one face, so that one test drives every revision of the protocol over every transport.
 * Refuses to know: what is tested.
 */
import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as HttpV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  LoggingMessageNotificationSchema,
  ProgressNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';

export type Target =
  | { url: string; fetch?: typeof globalThis.fetch; headers?: Record<string, string> }
  | { command: string; args: string[]; env?: Record<string, string>; cwd?: string };

export interface Content {
  type: string;
  text?: string;
  uri?: string;
  [key: string]: unknown;
}

export interface Answer {
  content: Content[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
}

export interface AnyClient {
  /** Lines of the log, and URIs that changed, as they come. */
  readonly logged: unknown[];
  readonly updated: string[];
  call(
    name: string,
    input?: Record<string, unknown>,
    options?: { signal?: AbortSignal; onprogress?: (progress: { progress: number; total?: number }) => void },
  ): Promise<Answer>;
  tools(): Promise<{ name: string; inputSchema: Record<string, unknown> }[]>;
  resources(
    cursor?: string,
  ): Promise<{ resources: { uri: string; name: string }[]; nextCursor?: string | undefined }>;
  read(uri: string): Promise<{ text?: string; blob?: string; mimeType?: string }>;
  prompts(): Promise<{ name: string }[]>;
  prompt(name: string, given?: Record<string, string>): Promise<{ content: Content }[]>;
  complete(
    ref: { type: 'ref/prompt'; name: string } | { type: 'ref/resource'; uri: string },
    name: string,
    value: string,
  ): Promise<string[]>;
  /** From now on `updated` tells of the resource, until the function that comes back is called. */
  subscribe(uri: string): Promise<() => Promise<unknown>>;
  close(): Promise<void>;
}

const capabilities = { sampling: {}, elicitation: {} };
const sampled = {
  model: 'test',
  role: 'assistant' as const,
  content: { type: 'text' as const, text: 'an answer of the model' },
};
const elicited = { action: 'accept' as const, content: { username: 'ada', email: 'ada@example.org' } };

export async function connectV1(target: Target): Promise<AnyClient> {
  const client = new ClientV1({ name: 'test', version: '1' }, { capabilities });
  const heard = { logged: [] as unknown[], updated: [] as string[] };
  let hearProgress: ((progress: { progress: number; total?: number }) => void) | undefined;
  client.setRequestHandler(CreateMessageRequestSchema, async () => sampled);
  client.setRequestHandler(ElicitRequestSchema, async () => elicited);
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
    heard.logged.push(params.data);
  });
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
    heard.updated.push(params.uri);
  });
  client.setNotificationHandler(ProgressNotificationSchema, ({ params }) => {
    hearProgress?.(params as { progress: number });
  });
  const transport =
    'url' in target
      ? new HttpV1(new URL(target.url), {
          requestInit: { headers: target.headers ?? {} },
          ...(target.fetch && { fetch: target.fetch }),
        })
      : new StdioV1(target);
  await client.connect(transport as Transport);
  return {
    ...heard,
    call: (name, input = {}, { signal, onprogress } = {}) => {
      hearProgress = onprogress;
      const asked = { ...(signal && { signal }), ...(onprogress && { onprogress: () => {} }) };
      return client.callTool(
        { name, arguments: input },
        undefined,
        asked,
      ) as Promise<unknown> as Promise<Answer>;
    },
    tools: async () => (await client.listTools()).tools,
    resources: (cursor) => client.listResources(cursor === undefined ? {} : { cursor }),
    read: async (uri) => (await client.readResource({ uri })).contents[0] as { text?: string },
    prompts: async () => (await client.listPrompts()).prompts,
    prompt: async (name, given = {}) =>
      (await client.getPrompt({ name, arguments: given })).messages as { content: Content }[],
    complete: async (ref, name, value) =>
      (await client.complete({ ref, argument: { name, value } })).completion.values,
    subscribe: async (uri) => {
      await client.subscribeResource({ uri });
      return () => client.unsubscribeResource({ uri });
    },
    close: () => client.close(),
  };
}

export const connectV2 =
  (mode: 'legacy' | { pin: string }) =>
  async (target: Target): Promise<AnyClient> => {
    const client = new ClientV2(
      { name: 'test', version: '1' },
      { capabilities, versionNegotiation: { mode } },
    );
    const heard = { logged: [] as unknown[], updated: [] as string[] };
    let hearProgress: ((progress: { progress: number; total?: number }) => void) | undefined;
    client.setRequestHandler('sampling/createMessage', async () => sampled);
    client.setRequestHandler('elicitation/create', async () => elicited);
    client.setNotificationHandler('notifications/message', ({ params }) => {
      heard.logged.push(params.data);
    });
    client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
      heard.updated.push(params.uri);
    });
    client.setNotificationHandler('notifications/progress', ({ params }) => {
      hearProgress?.(params as { progress: number });
    });
    const transport =
      'url' in target
        ? new HttpV2(new URL(target.url), {
            requestInit: { headers: target.headers ?? {} },
            ...(target.fetch && { fetch: target.fetch }),
          })
        : new StdioV2(target);
    await client.connect(transport);
    return {
      ...heard,
      call: (name, input = {}, { signal, onprogress } = {}) => {
        hearProgress = onprogress;
        const asked = { ...(signal && { signal }), ...(onprogress && { onprogress: () => {} }) };
        return client.callTool({ name, arguments: input }, asked) as Promise<unknown> as Promise<Answer>;
      },
      tools: async () =>
        (await client.listTools()).tools as { name: string; inputSchema: Record<string, unknown> }[],
      resources: (cursor) => client.listResources(cursor === undefined ? {} : { cursor }),
      read: async (uri) => (await client.readResource({ uri })).contents[0] as { text?: string },
      prompts: async () => (await client.listPrompts()).prompts,
      prompt: async (name, given = {}) =>
        (await client.getPrompt({ name, arguments: given })).messages as { content: Content }[],
      complete: async (ref, name, value) =>
        (await client.complete({ ref, argument: { name, value } })).completion.values,
      subscribe: async (uri) => {
        if (mode === 'legacy') {
          await client.subscribeResource({ uri });
          return () => client.unsubscribeResource({ uri });
        }
        const listening = await client.listen({ resourceSubscriptions: [uri] });
        return () => listening.close();
      },
      close: () => client.close(),
    };
  };

export const clients = [
  ['1.x', connectV1],
  ['2.x, 2025-11-25', connectV2('legacy')],
  ['2.x, 2026-07-28', connectV2({ pin: '2026-07-28' })],
] as const;
