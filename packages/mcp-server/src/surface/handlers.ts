/**
 * What a surface answers to each request of the protocol, once for both SDK lines: all but calls of tools, which ask back in
 * another way on each, and what the client's log is to hear.
 */
import {
  type CompletionReference,
  complete,
  getPrompt,
  listedPrompts,
  listedTools,
  sourceOf,
} from './requests.js';
import type { Subscriptions } from './subscriptions.js';
import type { McpSurface } from './surface.js';

/** What requests bring, as the schemas of the SDKs have checked it. */
interface RequestParams {
  'tools/list': unknown;
  'prompts/list': unknown;
  'prompts/get': { name: string; arguments?: Record<string, string> | undefined };
  'resources/list': { cursor?: string | undefined } | undefined;
  'resources/templates/list': unknown;
  'resources/read': { uri: string };
  'resources/subscribe': { uri: string };
  'resources/unsubscribe': { uri: string };
  'completion/complete': { ref: CompletionReference; argument: { name: string; value: string } };
}

type Method = keyof RequestParams;
type Handlers = { [M in Method]?: (params: RequestParams[M], signal: AbortSignal) => Promise<object> };

export interface Connection {
  /** As that of a `ToolContext`. */
  caller: string | undefined;
  subscriptions: Subscriptions;
  /** What a surface throws, as the SDK sends it. */
  errorOf: (error: unknown) => Error;
}

/** By method; of prompts and resources those that the surface has. */
export function handlersOf(
  surface: McpSurface,
  { caller, subscriptions, errorOf }: Connection,
): [Method, (params: unknown, signal: AbortSignal) => Promise<object>][] {
  const { prompts, resources } = surface;
  const handlers: Handlers = {
    'tools/list': async () => ({ tools: listedTools(surface) }),
    ...(prompts && {
      'prompts/list': async () => ({ prompts: listedPrompts(surface) }),
      'prompts/get': ({ name, arguments: given }) => getPrompt(surface, name, given),
    }),
    ...(resources && {
      'resources/list': (params) => resources.list(params?.cursor),
      'resources/templates/list': async () => ({ resourceTemplates: [...resources.templates] }),
      'resources/read': async ({ uri }, signal) => ({
        contents: await sourceOf(surface, uri).read(uri, signal, caller),
      }),
    }),
    ...(resources?.watch && {
      'resources/subscribe': async ({ uri }) => {
        await subscriptions.add(uri);
        return {};
      },
      'resources/unsubscribe': async ({ uri }) => {
        subscriptions.remove(uri);
        return {};
      },
    }),
    ...((prompts || resources) && {
      'completion/complete': async ({ ref, argument }) => ({
        completion: await complete(surface, ref, argument),
      }),
    }),
  };
  return (Object.keys(handlers) as Method[]).map((method) => [
    method,
    async (params, signal) => {
      try {
        return await handlers[method]!(params as never, signal);
      } catch (error) {
        throw errorOf(error);
      }
    },
  ]);
}
