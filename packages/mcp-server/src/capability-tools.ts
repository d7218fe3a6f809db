/**
 * Capabilities as tools: names, schemas, hints, what is allowed, and calls that stay inside the root. Refuses to know which SDK
 * serves them, and what any capability does.
 */
import { type AnyCapability, type Implementation, invoke, TriviumError } from '@trivium/protocol';
import {
  type Admission,
  confine,
  type Host,
  isAllowed,
  mayUseHub,
  type Permissions,
  pathFields,
  relativePaths,
  ServedJobs,
  type TriviumContext,
  type TriviumPlugin,
} from '@trivium/sdk';
import { z } from 'zod';
import { progressOf } from './progress-of.js';
import { type ContentBlock, textBlock } from './surface/content.js';
import { failedAnswer } from './surface/requests.js';
import type { JsonSchema, Tool, ToolAnswer, ToolContext } from './surface/surface.js';
import { allWithoutRoot, isObject, withoutRoot } from './without-root.js';

export interface ToolSettings extends Permissions {
  host: Host;
  /** Absolute path; nothing outside it is opened. */
  root: string;
  /** Jobs as callers know them. Default: those of the host that the plugins could have started here. */
  jobs?: ServedJobs;
  /** Each call of a tool that works takes one of its places, and those that tell of jobs none; default: none is asked for. */
  admission?: Pick<Admission, 'enter'>;
  /** Links to resources for an answer of a capability, by what it answered: citations, jobs. */
  linksOf?: (structured: Record<string, unknown>) => ContentBlock[];
}

export type SettledToolSettings = ToolSettings & Required<Pick<ToolSettings, 'jobs'>>;

/** A capability that may be called here, and the tool that calls it. */
export interface CapabilityTool extends Tool {
  readonly annotations: Required<NonNullable<Tool['annotations']>>;
  readonly implementation: Implementation<AnyCapability, TriviumContext>;
  run(input: Record<string, unknown>, context: ToolContext): Promise<ToolAnswer>;
  /** As `run`, but what fails is thrown. @throws TriviumError that does not say where the root is */
  answer(input: Record<string, unknown>, context: ToolContext): Promise<ToolAnswer>;
}

/** @throws TriviumError `unsupported` where the input is no object: the protocol has no other */
function inputSchema(capability: AnyCapability): JsonSchema {
  const found: object = z.toJSONSchema(capability.input, { io: 'input', unrepresentable: 'any' });
  // Unions of objects say it of their options alone.
  const schema = { type: 'object', ...found } as JsonSchema;
  if (schema.type !== 'object') {
    const { plugin, name } = capability;
    throw new TriviumError('unsupported', `${name} of the plugin "${plugin}" takes no object.`, {
      field: 'input',
      found: schema.type,
      expected: 'z.object({ … })',
      remedy: 'Leave the plugin out, or give its input a name.',
    });
  }
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

/** Of an output that is an object, the only kind that travels as data; others are answered as text. */
function outputSchema({ output }: AnyCapability): JsonSchema | undefined {
  const schema = z.toJSONSchema(output, { io: 'output', unrepresentable: 'any' }) as Partial<JsonSchema>;
  return schema.type === 'object' ? (schema as JsonSchema) : undefined;
}

function toTool(
  plugin: string,
  implementation: Implementation<AnyCapability, TriviumContext>,
  settings: SettledToolSettings,
): CapabilityTool {
  const { capability } = implementation;
  const { effects, title, description } = capability;
  const answers = outputSchema(capability);
  // models-list of the plugin models is models_list, not models_models_list.
  const name = capability.name.startsWith(`${plugin}-`) ? capability.name : `${plugin}_${capability.name}`;
  const mayDownload = mayUseHub(settings) && pathFields(capability).some(({ role }) => role === 'model');
  const answer: CapabilityTool['answer'] = (input, context) =>
    answerTool(implementation, input, context, settings);
  return {
    name: name.replaceAll('-', '_'),
    title,
    description,
    inputSchema: inputSchema(capability),
    ...(answers && { outputSchema: answers }),
    annotations: {
      title,
      readOnlyHint: !effects.writes,
      destructiveHint: effects.destructive,
      idempotentHint: !effects.writes,
      openWorldHint: effects.network || mayDownload,
    },
    implementation,
    answer,
    run: (input, context) =>
      answer(input, context).catch((error: unknown) => {
        const failure = TriviumError.from(error);
        if (failure.code === 'cancelled') throw error;
        return failedAnswer(failure);
      }),
  };
}

/** What tells of jobs does no work of its own: it waits for none, none waits for it, and none becomes a job. */
export const isOfJobs = ({ plugin }: AnyCapability) => plugin === 'jobs';

/** The input as the capability may have it. @throws TriviumError `outside-root` */
export function confineInput(
  capability: AnyCapability,
  input: Record<string, unknown>,
  settings: ToolSettings,
) {
  return confine(capability, input, { root: settings.root, hub: mayUseHub(settings) });
}

async function answerTool(
  implementation: Implementation<AnyCapability, TriviumContext>,
  input: Record<string, unknown>,
  { signal, caller, onProgress }: ToolContext,
  settings: SettledToolSettings,
): Promise<ToolAnswer> {
  const { host, jobs, root, admission } = settings;
  const { capability } = implementation;
  let leave: (() => void) | undefined;
  try {
    if (!isOfJobs(capability)) leave = await admission?.enter(signal);
    const confined = await confineInput(capability, input, settings);
    const context = host.context(signal, jobs.of(caller));
    const output = await invoke(implementation, confined as never, context, (step) => {
      const progress = progressOf(relativePaths(step, root), capability);
      if (progress) onProgress?.(progress);
    });
    return answerOf(capability, output, settings);
  } catch (error) {
    throw withoutRoot(error, root);
  } finally {
    leave?.();
  }
}

/** What a client gets to see of an output: paths from the root on, readable text, links. */
export function answerOf(
  capability: AnyCapability,
  output: unknown,
  { root, linksOf }: Pick<ToolSettings, 'root' | 'linksOf'>,
): ToolAnswer {
  const relative = relativePaths(output, root);
  // A job tells what went wrong with it in words, and they name files.
  const structured = isOfJobs(capability) ? allWithoutRoot(relative, root) : relative;
  const text = capability.readable?.(structured) ?? JSON.stringify(structured) ?? 'Done.';
  if (!isObject(structured)) return { content: [textBlock(text)], isError: false };
  return { structured, content: [textBlock(text), ...(linksOf?.(structured) ?? [])], isError: false };
}

export const withServedJobs = (
  plugins: readonly TriviumPlugin[],
  settings: ToolSettings,
): SettledToolSettings => ({
  ...settings,
  jobs: settings.jobs ?? new ServedJobs({ ...settings, plugins, jobs: settings.host.jobs }),
});

/**
 * Tools for what the settings allow: without a word about it, nothing that downloads and nothing that destroys.
 * @throws TriviumError `invalid-argument` where two would have one name
 */
export function toolsOf(plugins: readonly TriviumPlugin[], given: ToolSettings): CapabilityTool[] {
  const settings = withServedJobs(plugins, given);
  const tools = plugins.flatMap((plugin) =>
    plugin.capabilities
      .filter(({ capability }) => isAllowed(capability, settings))
      .map((implementation) => toTool(plugin.name, implementation, settings)),
  );
  refuseCollisions(tools);
  return tools;
}

/** @throws TriviumError `invalid-argument` naming both owners of a name */
export function refuseCollisions(
  tools: readonly (Pick<Tool, 'name'> & { implementation?: CapabilityTool['implementation'] })[],
): void {
  const owners = new Map<string, string>();
  for (const { name, implementation } of tools) {
    const owner = implementation ? `the plugin "${implementation.capability.plugin}"` : 'the server itself';
    const before = owners.get(name);
    if (before !== undefined) {
      throw new TriviumError(
        'invalid-argument',
        `Two tools are named ${name}: of ${before} and of ${owner}.`,
        {
          field: 'plugins',
          found: name,
          expected: 'one tool a name',
          remedy: 'Leave one of the plugins out.',
        },
      );
    }
    owners.set(name, owner);
  }
}
