/**
 * A capability is a typed, streaming, cancellable operation. Its contract is written once, here or in a plugin's
 * `/contract`, in a file that runs anywhere; its implementation once, where the engine runs. Functions, the command
 * line, HTTP, MCP and React are made from the contract: none of them is written a second time.
 */
import type * as z from 'zod';
import type { SerializedError } from './errors.js';
import { someSchema } from './schema-parts.js';

/** What running it does to the world; surfaces turn this into hints and into `--read-only`. */
export interface Effects {
  /** Creates or changes files. */
  writes: boolean;
  /** May remove or overwrite what was there. */
  destructive: boolean;
  /** Talks to other machines. */
  network: boolean;
}

/** How the command line spells the input. Everything else follows from the schema. */
export interface CommandLineHints {
  /** The field filled by positional arguments; an array field takes all of them. */
  positional?: string;
  /** The field of messages that a command line keeps by itself, turn by turn, and fills from what people type. */
  conversation?: string;
  /** What `text-delta` progress is: pieces of the output's text (default), or drafts that the output replaces. */
  deltas?: 'output' | 'drafts';
  /** The field of texts that standard input fills, one a line, where the call gives none. */
  standardInput?: string;
  /** The field of the output whose items are lines of their own in JSON, one for each line in; default: all of it is one line. */
  lines?: string;
  /** The type of the progress event that tells the output: `--events` ends with it, instead of an event of its own. */
  outputEvent?: string;
  /** An example call, without the leading `trivium`. */
  examples?: readonly string[];
}

export interface Capability<
  Name extends string = string,
  Input extends z.ZodType = z.ZodType,
  Progress extends z.ZodType = z.ZodType,
  Output extends z.ZodType = z.ZodType,
> {
  /** The plugin that has it, so that a page which holds the contract alone knows where to call it. */
  readonly plugin: string;
  /** Lower-case words joined by `-`; the method name on a client is its camelCase form. */
  readonly name: Name;
  readonly title: string;
  /** One or two sentences for people and for models that choose tools. */
  readonly description: string;
  readonly input: Input;
  readonly progress: Progress;
  readonly output: Output;
  readonly effects: Effects;
  readonly commandLine?: CommandLineHints;
  /** The output as text for people and for models that read text: a terminal, an MCP client. JSON when absent. */
  readonly readable?: (output: z.output<Output>) => string;
  /** Why what the output tells of did not succeed, for callers that wait for that: a command line then ends as it would have. */
  readonly failure?: (output: z.output<Output>) => SerializedError | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: a capability whose schemas are not known here
export type AnyCapability = Capability<string, any, any, any>;

export type InputOf<C extends AnyCapability> = z.input<C['input']>;
export type ParsedInputOf<C extends AnyCapability> = z.output<C['input']>;
export type ProgressOf<C extends AnyCapability> = z.output<C['progress']>;
export type OutputOf<C extends AnyCapability> = z.output<C['output']>;

/** What every implementation is given; hosts extend it with their engine and clients. */
export interface CapabilityContext {
  readonly signal: AbortSignal;
}

export interface Implementation<
  C extends AnyCapability = AnyCapability,
  Context extends CapabilityContext = CapabilityContext,
> {
  readonly capability: C;
  /** Yields progress and returns the output; must stop soon after `context.signal` aborts. */
  readonly run: (
    input: ParsedInputOf<C>,
    context: Context,
  ) => AsyncGenerator<ProgressOf<C>, OutputOf<C>, void>;
}

// biome-ignore lint/suspicious/noExplicitAny: implementations for hosts that are not known here
export type AnyImplementation = Implementation<AnyCapability, any>;

export interface Plugin<
  Name extends string = string,
  Capabilities extends readonly AnyImplementation[] = readonly AnyImplementation[],
> {
  readonly name: Name;
  readonly capabilities: Capabilities;
}

/** `.transform()` and `z.preprocess`; a pipe, of which codecs are one, takes one shape and makes another. */
const reshapes = (schema: z.ZodType) => ['transform', 'pipe'].includes(schema._zod.def.type);

/**
 * A contract. Its values are checked on each side that they travel to (a thread, a server, a page), so what a schema makes of
 * a value must satisfy it again, as with checks, defaults and `.trim()`. To make something else of it is for the implementation.
 * @throws TypeError for a name that is none, and for schemas with transforms, pipes or codecs
 * @example
 * export const countWords = defineCapability({
 *   plugin: 'words', name: 'count-words', title: 'Count words', description: 'Counts the words of a text.',
 *   input: z.object({ text: z.string() }), progress: z.never(), output: z.object({ words: z.number() }),
 *   effects: { writes: false, destructive: false, network: false },
 * });
 */
export function defineCapability<
  const Name extends string,
  Input extends z.ZodType,
  Progress extends z.ZodType,
  Output extends z.ZodType,
>(capability: Capability<Name, Input, Progress, Output>): Capability<Name, Input, Progress, Output> {
  for (const [kind, name] of [
    ['capability', capability.name],
    ['plugin', capability.plugin],
  ]) {
    if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name ?? ''))
      throw new TypeError(`A ${kind} is named in lower-case words joined by "-", not "${name}".`);
  }
  for (const part of ['input', 'progress', 'output'] as const) {
    if (!someSchema(capability[part], reshapes)) continue;
    throw new TypeError(
      `The ${part} of "${capability.name}" has a transform, pipe or codec. It is checked on each side that it travels to, so its schema can only check it and fill in defaults: let the implementation transform it.`,
    );
  }
  return Object.freeze(capability);
}

export function implement<C extends AnyCapability, Context extends CapabilityContext = CapabilityContext>(
  capability: C,
  run: Implementation<C, Context>['run'],
): Implementation<C, Context> {
  return { capability, run };
}

export function definePlugin<
  const Name extends string,
  const Capabilities extends readonly AnyImplementation[],
>(plugin: Plugin<Name, Capabilities>): Plugin<Name, Capabilities> {
  const foreign = plugin.capabilities.find(({ capability }) => capability.plugin !== plugin.name);
  if (foreign) {
    const { name, plugin: owner } = foreign.capability;
    throw new TypeError(`Plugin "${plugin.name}" brings "${name}", whose contract says plugin "${owner}".`);
  }
  const names = plugin.capabilities.map(({ capability }) => capability.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice) throw new TypeError(`Plugin "${plugin.name}" defines the capability "${twice}" twice.`);
  return plugin;
}
