/**
 * Capabilities as tools: names, schemas, hints, what is allowed, and calls that stay inside the root. Refuses to know which SDK
 * serves them, and what any capability does.
 */
import { type AnyCapability, TriviumError } from '@trivium/protocol';
import {
  type Admission,
  hidePlaces,
  pathFields,
  ServedFolder,
  type ServedFolderSettings,
  type ServedImplementation,
  servedInput,
  type TriviumPlugin,
} from '@trivium/sdk';
import { z } from 'zod';
import { progressOf } from './progress-of.js';
import { type ContentBlock, textBlock } from './surface/content.js';
import { failedAnswer } from './surface/requests.js';
import type { JsonSchema, Tool, ToolAnswer, ToolContext } from './surface/surface.js';
import { isObject, withoutRoot } from './without-root.js';

export interface ToolSettings extends Omit<ServedFolderSettings, 'plugins' | 'shown'>, CallSettings {}

/** How tools are called, beside what the folder says. */
export interface CallSettings {
  /** Each call of a tool that works takes one of its places, and those that tell of jobs none; default: none is asked for. */
  admission?: Pick<Admission, 'enter'>;
  /** Links to resources for an answer of a capability, by what it answered: citations, jobs. */
  linksOf?: (structured: Record<string, unknown>) => ContentBlock[];
}

/** A capability that may be called here, and the tool that calls it. */
export interface CapabilityTool extends Tool {
  readonly annotations: Required<NonNullable<Tool['annotations']>>;
  readonly implementation: ServedImplementation;
  run(input: Record<string, unknown>, context: ToolContext): Promise<ToolAnswer>;
  /** As `run`, but what fails is thrown. @throws TriviumError that does not say where the root is */
  answer(input: Record<string, unknown>, context: ToolContext): Promise<ToolAnswer>;
}

/** @throws TriviumError `unsupported` where the input is no object: the protocol has no other */
function inputSchema(capability: AnyCapability): JsonSchema {
  // Unions of objects say it of their options alone.
  const schema = { type: 'object', ...servedInput(capability) } as JsonSchema;
  if (schema.type !== 'object') {
    const { plugin, name } = capability;
    throw new TriviumError('unsupported', `${name} of the plugin "${plugin}" takes no object.`, {
      field: 'input',
      found: schema.type,
      expected: 'z.object({ … })',
      remedy: 'Leave the plugin out, or give its input a name.',
    });
  }
  return schema;
}

/** Of an output that is an object, the only kind that travels as data; others are answered as text. */
function outputSchema({ output }: AnyCapability): JsonSchema | undefined {
  const schema = z.toJSONSchema(output, { io: 'output', unrepresentable: 'any' }) as Partial<JsonSchema>;
  return schema.type === 'object' ? (schema as JsonSchema) : undefined;
}

function toTool(
  implementation: ServedImplementation,
  folder: ServedFolder,
  settings: CallSettings,
): CapabilityTool {
  const { capability } = implementation;
  const { plugin, effects, title, description } = capability;
  const answers = outputSchema(capability);
  // models-list of the plugin models is models_list, not models_models_list.
  const name = capability.name.startsWith(`${plugin}-`) ? capability.name : `${plugin}_${capability.name}`;
  const mayDownload = folder.hub && pathFields(capability).some(({ role }) => role === 'model');
  const answer: CapabilityTool['answer'] = (input, context) =>
    answerTool(implementation, input, context, folder, settings);
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

async function answerTool(
  implementation: ServedImplementation,
  input: Record<string, unknown>,
  { signal, caller, onProgress }: ToolContext,
  folder: ServedFolder,
  { admission, linksOf }: CallSettings,
): Promise<ToolAnswer> {
  const { capability } = implementation;
  let leave: (() => void) | undefined;
  try {
    if (!isOfJobs(capability)) leave = await admission?.enter(signal);
    const confined = await folder.confine(capability, input, signal);
    const output = await folder.invoke(implementation, confined, { signal, caller }, (step) => {
      const progress = progressOf(step, capability);
      if (progress) onProgress?.(progress);
    });
    return answerOf(capability, output, { root: folder.root, linksOf });
  } catch (error) {
    throw withoutRoot(error, folder.root);
  } finally {
    leave?.();
  }
}

/**
 * What a client gets to see of an output: data, readable text, links.
 * @param output as the folder tells it
 */
export function answerOf(
  capability: AnyCapability,
  output: unknown,
  { root, linksOf }: { root: string; linksOf?: CallSettings['linksOf'] | undefined },
): ToolAnswer {
  // A job tells what went wrong with it in words, and they name files.
  const structured = isOfJobs(capability) ? hidePlaces(output, root) : output;
  const text = capability.readable?.(structured) ?? JSON.stringify(structured) ?? 'Done.';
  if (!isObject(structured)) return { content: [textBlock(text)], isError: false };
  return { structured, content: [textBlock(text), ...(linksOf?.(structured) ?? [])], isError: false };
}

/**
 * Tools for what the settings allow: without a word about it, nothing that downloads and nothing that destroys.
 * @throws TriviumError `invalid-argument` where two would have one name
 */
export function toolsOf(plugins: readonly TriviumPlugin[], settings: ToolSettings): CapabilityTool[] {
  return folderTools(new ServedFolder({ ...settings, plugins }), settings);
}

/** @throws TriviumError as `toolsOf` */
export function folderTools(folder: ServedFolder, settings: CallSettings): CapabilityTool[] {
  const tools = folder.implementations.map((implementation) => toTool(implementation, folder, settings));
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
