/**
 * What the requests of the protocol mean on a surface, once for both SDK lines: which tool, prompt or resource is meant, what
 * is missing, how much is answered. Failures are `TriviumError`s.
 */
import { TriviumError } from '@trivium/protocol';
import { capAnswer } from './cap-answer.js';
import { textBlock } from './content.js';
import type {
  McpSurface,
  Progress,
  Prompt,
  ResourceSource,
  Tool,
  ToolAnswer,
  ToolContext,
  ToolResult,
} from './surface.js';

/** More values than this are not sent at once; the protocol says so. */
const completionValues = 100;

/** A tool as it is listed. */
export const listedTools = ({ tools }: McpSurface): Omit<Tool, 'run'>[] =>
  tools.map(({ name, title, description, inputSchema, outputSchema, annotations }) => ({
    name,
    ...(title !== undefined && { title }),
    description,
    inputSchema,
    ...(outputSchema && { outputSchema }),
    ...(annotations && { annotations }),
  }));

export const listedPrompts = ({ prompts = [] }: McpSurface) =>
  prompts.map(({ name, title, description, arguments: wanted }) => ({
    name,
    ...(title !== undefined && { title }),
    description,
    ...(wanted && { arguments: wanted.map((argument) => ({ ...argument })) }),
  }));

/** @throws TriviumError `not-found` for a tool that is not there; what the tool itself throws is an answer, save that it was cancelled */
export async function callTool(
  surface: McpSurface,
  name: string,
  input: Record<string, unknown>,
  context: ToolContext,
): Promise<ToolResult> {
  const tool = surface.tools.find((one) => one.name === name);
  if (!tool) throw unknown('tool', name, surface.tools);
  try {
    const result = await tool.run(input, context);
    return 'questions' in result ? result : capAnswer(result, surface.limits);
  } catch (error) {
    const failure = TriviumError.from(error);
    if (failure.code === 'cancelled' || context.signal.aborted) throw error;
    return failedAnswer(failure);
  }
}

export function failedAnswer({ message, code, remedy }: TriviumError): ToolAnswer {
  const text = [`${message} (${code})`, remedy].filter(Boolean).join('\n');
  return { content: [textBlock(text)], isError: true };
}

/** @throws TriviumError `not-found`, `invalid-argument` */
export async function getPrompt(
  surface: McpSurface,
  name: string,
  given: Readonly<Record<string, string>> = {},
) {
  const prompt = promptOf(surface, name);
  const missing = prompt.arguments?.find(({ name, required }) => required && !given[name]);
  if (missing) {
    throw new TriviumError('invalid-argument', `The prompt ${name} needs ${missing.name}.`, {
      field: missing.name,
      expected: missing.description,
      remedy: `Give ${missing.name}.`,
    });
  }
  return { description: prompt.description, messages: await prompt.get(given) };
}

function promptOf({ prompts = [] }: McpSurface, name: string): Prompt {
  const prompt = prompts.find((one) => one.name === name);
  if (prompt) return prompt;
  throw unknown('prompt', name, prompts);
}

/** The resources of a surface. @throws TriviumError `not-found` for a URI that none of them owns */
export function sourceOf({ resources }: McpSurface, uri: string): ResourceSource {
  if (resources?.owns(uri)) return resources;
  throw new TriviumError('not-found', `There is no resource ${uri}.`, {
    field: 'uri',
    found: uri,
    expected: resources?.templates.map(({ uriTemplate }) => uriTemplate).join(', '),
    remedy: 'resources/list and resources/templates/list name what there is.',
  });
}

export type CompletionReference =
  | { type: 'ref/prompt'; name: string }
  | { type: 'ref/resource'; uri: string };

/** @throws TriviumError `not-found` */
export async function complete(
  surface: McpSurface,
  reference: CompletionReference,
  argument: { name: string; value: string },
) {
  const values = await valuesFor(surface, reference, argument);
  const shown = values.slice(0, completionValues);
  return { values: shown, total: values.length, hasMore: values.length > shown.length };
}

async function valuesFor(
  surface: McpSurface,
  reference: CompletionReference,
  { name, value }: { name: string; value: string },
): Promise<string[]> {
  if (reference.type === 'ref/prompt')
    return (await promptOf(surface, reference.name).complete?.(name, value)) ?? [];
  const { resources } = surface;
  const known = resources?.templates.some(({ uriTemplate }) => uriTemplate === reference.uri);
  if (!resources || (!known && !resources.owns(reference.uri)))
    throw unknown('resource template', reference.uri, []);
  return (await resources.complete?.(reference.uri, name, value)) ?? [];
}

function unknown(kind: string, name: string, known: readonly { name: string }[]): TriviumError {
  return new TriviumError('not-found', `There is no ${kind} ${name}.`, {
    field: 'name',
    found: name,
    expected: known.map((one) => one.name).join(', '),
  });
}

/** Progress as notifications: the protocol wants it to grow with every one. */
export function growingProgress(
  send: (params: { progress: number; total?: number; message?: string }) => void,
) {
  let last = Number.NEGATIVE_INFINITY;
  return ({ done, total, message }: Progress) => {
    last = done > last ? done : last + 1e-6;
    send({ progress: last, ...(total !== undefined && { total }), ...(message && { message }) });
  };
}
