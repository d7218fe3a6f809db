/** A chat request as the call of a model: prompt, tools, format, sampling. Refuses by name what no model here does. */
import { TriviumError } from '@trivium/protocol';
import type { AnyCallOptions } from '../../provider/any-language-model.js';
import { given, refuseFields, samplingOf, stopsOf } from './call-settings.js';
import type { ChatRequest } from './chat-schema.js';
import type { RouteWords } from './field-names.js';
import { promptOf } from './prompt.js';

export const chatWords: RouteWords = {
  fields: { prompt: 'messages', maxOutputTokens: 'max_completion_tokens' },
  tooLong: 'Leave the oldest messages out, shorten them, or take a model with a larger context.',
};

/** What no chat does here, staged or not. @throws TriviumError `unsupported` naming the field */
export function refuseInChat(body: ChatRequest): void {
  refuseFields(body, {
    n: (n: number) => n !== 1,
    audio: () => true,
    modalities: (kinds: unknown) => JSON.stringify(kinds) !== '["text"]',
    functions: () => true,
    function_call: (choice: unknown) => choice !== 'none',
    web_search_options: () => true,
  });
}

/** @throws TriviumError `unsupported` or `invalid-argument` naming the field */
export function chatCallOf(body: ChatRequest, signal: AbortSignal): AnyCallOptions {
  if (body.top_logprobs !== undefined && body.logprobs !== true)
    throw new TriviumError('invalid-argument', 'top_logprobs wants logprobs: true.', {
      field: 'top_logprobs',
      remedy: 'Set logprobs to true, or leave top_logprobs out.',
    });
  return {
    prompt: promptOf(body.messages),
    abortSignal: signal,
    ...samplingOf(body, { ...(body.logprobs && { logprobs: body.top_logprobs ?? 0 }) }),
    ...given({
      maxOutputTokens: body.max_completion_tokens ?? body.max_tokens,
      stopSequences: stopsOf(body.stop),
      reasoning: body.reasoning_effort,
      responseFormat: formatOf(body.response_format),
    }),
    ...toolsOf(body),
  };
}

function formatOf(format: ChatRequest['response_format']) {
  if (format === undefined || format.type === 'text') return undefined;
  if (format.type === 'json_object') return { type: 'json' };
  const { name, description, schema } = format.json_schema;
  return {
    type: 'json',
    name,
    ...(description && { description }),
    ...(schema && { schema }),
  };
}

function toolsOf({ tools, tool_choice: choice }: ChatRequest) {
  const names = (tools ?? []).map(({ function: { name } }) => name);
  checkNames(names, 'tools');
  if (names.length === 0) {
    if (choice === undefined || choice === 'none' || choice === 'auto') return {};
    throw noTool(typeof choice === 'string' ? choice : choice.function.name);
  }
  return {
    tools: tools!.map(({ function: { name, description, parameters, strict } }) => ({
      type: 'function',
      name,
      inputSchema: parameters ?? { type: 'object', properties: {} },
      ...(description && { description }),
      ...(strict !== undefined && strict !== null && { strict }),
    })),
    ...(choice !== undefined && { toolChoice: toolChoiceOf(choice, names) }),
  };
}

/** A name twice would make two tools of one. @throws TriviumError `invalid-argument` */
export function checkNames(names: readonly string[], field: string): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new TriviumError('invalid-argument', `Two tools are named "${twice}".`, {
    field,
    found: twice,
    remedy: 'Give each tool a name of its own.',
  });
}

export function toolChoiceOf(
  choice: 'auto' | 'none' | 'required' | { function: { name: string } },
  names: readonly string[],
) {
  if (typeof choice === 'string') return { type: choice };
  const { name } = choice.function;
  if (names.includes(name)) return { type: 'tool', toolName: name };
  throw noTool(name);
}

const noTool = (name: string) =>
  new TriviumError('invalid-argument', `tool_choice asks for "${name}", and there is no such tool.`, {
    field: 'tool_choice',
    found: name,
    remedy: 'Choose one of the tools of the call.',
  });
