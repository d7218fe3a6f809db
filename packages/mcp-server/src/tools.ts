/** Capabilities as MCP tools, independent of the SDK line that serves them. */
import { sep } from 'node:path';
import { type AnyCapability, type Implementation, invoke, TriviumError } from '@trivium/protocol';
import {
  confine,
  type Host,
  isAllowed,
  mayUseHub,
  type Permissions,
  pathFields,
  relativePaths,
  type TriviumContext,
  type TriviumPlugin,
} from '@trivium/sdk';
import { z } from 'zod';

type JsonSchema = {
  type: 'object';
  properties?: Record<string, object>;
  required?: string[];
  [key: string]: unknown;
};

export interface Tool {
  name: string;
  title: string;
  description: string;
  inputSchema: JsonSchema;
  outputSchema: JsonSchema;
  annotations: {
    title: string;
    readOnlyHint: boolean;
    destructiveHint: boolean;
    idempotentHint: boolean;
    openWorldHint: boolean;
  };
  run(input: Record<string, unknown>, options: ToolCallOptions): Promise<ToolResult>;
}

export interface ToolCallOptions {
  signal: AbortSignal;
  onProgress?: ((progress: { done: number; total?: number; message?: string }) => void) | undefined;
}

export interface ToolResult {
  structured?: Record<string, unknown>;
  text: string;
  isError: boolean;
}

export interface ToolSettings extends Permissions {
  host: Host;
  /** Absolute path; nothing outside it is opened. */
  root: string;
}

function inputSchema(capability: AnyCapability): JsonSchema {
  const schema = z.toJSONSchema(capability.input, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const optional = new Set(
    pathFields(capability).flatMap(({ field, role, list }) => (role === 'path' && list ? [field] : [])),
  );
  for (const field of optional) {
    const property = schema.properties?.[field] as { description?: string } | undefined;
    if (property)
      property.description =
        `${property.description ?? ''} Relative to the server's root; default: all of it.`.trim();
  }
  if (schema.required) schema.required = schema.required.filter((field) => !optional.has(field));
  return schema;
}

function toTool(
  plugin: string,
  implementation: Implementation<AnyCapability, TriviumContext>,
  settings: ToolSettings,
): Tool {
  const { capability } = implementation;
  const { effects, title, description } = capability;
  // models-list of the plugin models is models_list, not models_models_list.
  const name = capability.name.startsWith(`${plugin}-`) ? capability.name : `${plugin}_${capability.name}`;
  const mayDownload = mayUseHub(settings) && pathFields(capability).some(({ role }) => role === 'model');
  return {
    name: name.replaceAll('-', '_'),
    title,
    description,
    inputSchema: inputSchema(capability),
    outputSchema: z.toJSONSchema(capability.output, { io: 'output', unrepresentable: 'any' }) as JsonSchema,
    annotations: {
      title,
      readOnlyHint: !effects.writes,
      destructiveHint: effects.destructive,
      idempotentHint: !effects.writes,
      openWorldHint: effects.network || mayDownload,
    },
    run: (input, options) => runTool(implementation, input, options, settings),
  };
}

async function runTool(
  implementation: Implementation<AnyCapability, TriviumContext>,
  input: Record<string, unknown>,
  { signal, onProgress }: ToolCallOptions,
  settings: ToolSettings,
): Promise<ToolResult> {
  const { host, root } = settings;
  const { capability } = implementation;
  try {
    const confined = await confine(capability, input, { root, hub: mayUseHub(settings) });
    const output = await invoke(implementation, confined as never, host.context(signal), (step) => {
      const progress = progressOf(step, capability);
      if (progress) onProgress?.(progress);
    });
    const structured = relativePaths(output, root) as Record<string, unknown>;
    return {
      structured,
      text: capability.readable?.(structured) ?? JSON.stringify(structured),
      isError: false,
    };
  } catch (error) {
    const failure = TriviumError.from(error);
    if (failure.code === 'cancelled') throw error;
    const { message, remedy, code } = failure;
    const text = [`${message} (${code})`, remedy].filter(Boolean).join('\n');
    // A client never sees where on the machine the root is.
    return { text: text.replaceAll(root + sep, ''), isError: true };
  }
}

interface AnyStep {
  type?: string;
  done?: number;
  total?: number;
  path?: string;
  text?: string;
  /** Of downloads. */
  file?: string;
  bytes?: number;
  totalBytes?: number;
  /** Of staged writing. */
  stage?: string;
  section?: number;
  sections?: number;
}

/** What a client is told of a step: how far, and in a few words what. */
function progressOf(step: unknown, { commandLine }: AnyCapability) {
  const { type, text, stage, section, sections, ...rest } = step as AnyStep;
  if (type === 'read-progress') return figures(rest.done, rest.total, rest.path?.split(/[\\/]/).at(-1));
  if (type === 'download-progress') return figures(rest.bytes, rest.totalBytes, rest.file);
  if (type === 'text-delta' && text !== undefined && commandLine?.deltas !== 'drafts')
    return figures(0, undefined, text);
  if (type === 'stage-start' && stage) return figures(0, undefined, stage);
  if (type === 'section-start') return figures(0, undefined, `${stage} ${section}/${sections}`);
  // What plugins report: anything that says how much is done.
  return rest.done === undefined ? undefined : figures(rest.done, rest.total, undefined);
}

const figures = (done = 0, total: number | undefined, message: string | undefined) => ({
  done,
  ...(total !== undefined && { total }),
  ...(message && { message }),
});

/** Tools for what the settings allow: without a word about it, nothing that downloads and nothing that destroys. */
export function toolsOf(plugins: readonly TriviumPlugin[], settings: ToolSettings): Tool[] {
  return plugins.flatMap((plugin) =>
    plugin.capabilities
      .filter(({ capability }) => isAllowed(capability, settings))
      .map((implementation) => toTool(plugin.name, implementation, settings)),
  );
}
