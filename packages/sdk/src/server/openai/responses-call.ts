/** A request to `/v1/responses` as the call of a model. Refuses by name what is not kept or not done here. */
import { TriviumError } from '@trivium/protocol';
import type { AnyCallOptions } from '../../provider/any-language-model.js';
import { given, refuse, refuseFields, samplingOf, stopsOf } from './call-settings.js';
import { checkNames, toolChoiceOf } from './chat-call.js';
import type { RouteWords } from './field-names.js';
import {
  filePart,
  type PromptMessage,
  type PromptPart,
  textPart,
  toolCallPart,
  toolResult,
} from './prompt.js';
import type { InputItem, InputPart, ResponsesRequest } from './responses-schema.js';

export const responsesWords = ({ truncation }: ResponsesRequest): RouteWords => ({
  fields: { prompt: 'input', maxOutputTokens: 'max_output_tokens', responseFormat: 'text.format' },
  tooLong:
    truncation === 'auto'
      ? 'Shorten the instructions or the last item of the input, or take a model with a larger context.'
      : 'Shorten the input, set truncation to "auto", or take a model with a larger context.',
});

/** @throws TriviumError `unsupported` or `invalid-argument` naming the field */
export function responsesCallOf(
  body: ResponsesRequest,
  isOwnModel: boolean,
  abortSignal: AbortSignal,
): AnyCallOptions {
  refuseFields(body, {
    previous_response_id: () => true,
    conversation: () => true,
    background: (background: boolean) => background,
    prompt: () => true,
    max_tool_calls: () => true,
    top_logprobs: (count: number) => count !== 0,
    include: (parts: unknown) => JSON.stringify(parts).includes('logprobs'),
    // Of chats, and known to no such request; a caller who sends them counts on them.
    n: (n: number) => n !== 1,
    stop: (stop: string | string[]) => stopsOf(stop) !== undefined,
  });
  const items: InputItem[] =
    typeof body.input === 'string' ? [{ role: 'user', content: body.input }] : body.input;
  const system: PromptMessage[] =
    body.instructions === undefined ? [] : [{ role: 'system', content: body.instructions }];
  // Only our models know of it, and they are strict about what they are told.
  const own = isOwnModel && body.truncation === 'auto' ? { overflow: 'drop-oldest' } : {};
  return {
    prompt: [...system, ...promptOf(items)],
    abortSignal,
    ...samplingOf(body, own),
    ...given({
      maxOutputTokens: body.max_output_tokens,
      reasoning: body.reasoning?.effort,
      responseFormat: formatOf(body.text?.format),
    }),
    ...toolsOf(body),
  };
}

function formatOf(format: NonNullable<ResponsesRequest['text']>['format']) {
  if (format === undefined || format.type === 'text') return undefined;
  if (format.type === 'json_object') return { type: 'json' };
  const { name, description, schema } = format;
  return { type: 'json', name, schema, ...(description && { description }) };
}

function toolsOf({ tools = [], tool_choice: choice }: ResponsesRequest) {
  const names = tools.map(({ name }) => name);
  checkNames(names, 'tools');
  if (tools.length === 0 && (choice === undefined || choice === 'none' || choice === 'auto')) return {};
  const wanted =
    choice === undefined
      ? undefined
      : toolChoiceOf(typeof choice === 'string' ? choice : { function: { name: choice.name } }, names);
  if (tools.length === 0)
    throw new TriviumError('invalid-argument', 'tool_choice asks for a tool, and there is none.', {
      field: 'tool_choice',
      remedy: 'Give tools, or leave tool_choice out.',
    });
  return {
    tools: tools.map(({ name, description, parameters, strict }) => ({
      type: 'function',
      name,
      inputSchema: parameters ?? { type: 'object', properties: {} },
      ...(description && { description }),
      ...(strict !== undefined && strict !== null && { strict }),
    })),
    ...(wanted && { toolChoice: wanted }),
  };
}

/** Items of one turn become one message: what the model thought, said and called belongs together. */
function promptOf(items: readonly InputItem[]): PromptMessage[] {
  const messages: PromptMessage[] = [];
  const toolNames = new Map<string, string>();
  const add = (role: 'user' | 'assistant' | 'tool', parts: PromptPart[]) => {
    const last = messages.at(-1);
    if (role !== 'user' && last?.role === role && Array.isArray(last.content)) last.content.push(...parts);
    else messages.push({ role, content: parts });
  };
  for (const [index, item] of items.entries()) {
    const field = `input.${index}`;
    if (item.type === 'function_call') {
      toolNames.set(item.call_id, item.name);
      add('assistant', [toolCallPart(item.call_id, item.name, item.arguments)]);
    } else if (item.type === 'function_call_output') {
      const toolName = toolNames.get(item.call_id);
      if (toolName === undefined)
        throw new TriviumError('invalid-argument', `There is no call "${item.call_id}" before its output.`, {
          field: `${field}.call_id`,
          found: item.call_id,
          remedy: 'Send the function_call item before its output.',
        });
      add('tool', [toolResult(item.call_id, toolName, plainText(item.output, field))]);
    } else if (item.type === 'reasoning') {
      const text = (item.content ?? item.summary ?? []).map((part) => part.text).join('\n');
      if (text !== '') add('assistant', [{ type: 'reasoning', text }]);
    } else if (item.role === 'system' || item.role === 'developer')
      messages.push({ role: 'system', content: plainText(item.content, field) });
    else add(item.role, partsOf(item.content, field));
  }
  return messages;
}

const partsOf = (content: string | InputPart[], field: string): PromptPart[] =>
  typeof content === 'string' ? [textPart(content)] : content.map((part) => partOf(part, field));

function partOf(part: InputPart, field: string): PromptPart {
  if (part.type === 'refusal') return textPart(part.refusal);
  if (part.type === 'input_image') {
    if (part.image_url) return filePart(part.image_url, field);
    return refuse(
      field,
      'Files are not kept by this server.',
      'Give the picture in image_url, as a data URL.',
    );
  }
  if (part.type === 'input_file') {
    if (part.file_data) return filePart(part.file_data, field);
    return refuse(
      field,
      'Files are neither kept nor fetched by this server.',
      'Give the bytes in file_data, as a data URL.',
    );
  }
  return textPart(part.text);
}

function plainText(content: string | InputPart[], field: string): string {
  if (typeof content === 'string') return content;
  return content
    .map((part) => {
      if ('text' in part) return part.text;
      if (part.type === 'refusal') return part.refusal;
      return refuse(field, `Text is taken here, no ${part.type}.`, 'Give text.');
    })
    .join('');
}
