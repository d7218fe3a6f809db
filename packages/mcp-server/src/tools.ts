/** Capabilities as MCP tools, independent of the SDK line that serves them. */
import { type AnyCapability, type Implementation, invoke, TriviumError } from '@trivium/protocol';
import type { Host, TriviumContext, TriviumPlugin } from '@trivium/sdk';
import { z } from 'zod';
import { confine, pathFields, relativePaths } from './confine.js';

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

export interface ToolSettings {
  host: Host;
  /** Absolute path; nothing outside it is opened. */
  root: string;
  /** Leave out capabilities that write. */
  readOnly?: boolean;
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
  return {
    name: `${plugin}_${capability.name}`.replaceAll('-', '_'),
    title,
    description,
    inputSchema: inputSchema(capability),
    outputSchema: z.toJSONSchema(capability.output, { io: 'output', unrepresentable: 'any' }) as JsonSchema,
    annotations: {
      title,
      readOnlyHint: !effects.writes,
      destructiveHint: effects.destructive,
      idempotentHint: !effects.writes,
      openWorldHint: effects.network,
    },
    run: (input, options) => runTool(implementation, input, options, settings),
  };
}

async function runTool(
  implementation: Implementation<AnyCapability, TriviumContext>,
  input: Record<string, unknown>,
  { signal, onProgress }: ToolCallOptions,
  { host, root }: ToolSettings,
): Promise<ToolResult> {
  const { capability } = implementation;
  try {
    const confined = await confine(capability, input, root);
    const output = await invoke(implementation, confined as never, host.context(signal), (step) => {
      const { type, done, total, path, text } = step as {
        type?: string;
        done?: number;
        total?: number;
        path?: string;
        text?: string;
      };
      if (type === 'read-progress')
        onProgress?.({
          done: done ?? 0,
          ...(total !== undefined && { total }),
          ...(path && { message: path.split(/[\\/]/).at(-1)! }),
        });
      else if (type === 'text-delta' && text !== undefined) onProgress?.({ done: 0, message: text });
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
    return { text: [`${message} (${code})`, remedy].filter(Boolean).join('\n'), isError: true };
  }
}

export function toolsOf(plugins: readonly TriviumPlugin[], settings: ToolSettings): Tool[] {
  return plugins.flatMap((plugin) =>
    plugin.capabilities
      .filter(({ capability }) => !(settings.readOnly && capability.effects.writes))
      .map((implementation) => toTool(plugin.name, implementation, settings)),
  );
}
