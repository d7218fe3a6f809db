/**
 * OpenAI's messages as the AI SDK's prompt (V4). Pictures and sounds become file parts, which models that only read text
 * refuse by name; nothing is fetched from an address that a caller gives. Knows no models.
 */
import { TriviumError } from '@trivium/protocol';
import { refuse } from './call-settings.js';
import type { OpenAiMessage } from './chat-schema.js';

export interface PromptPart {
  type: string;
  [key: string]: unknown;
}
export interface PromptMessage {
  role: 'system' | 'user' | 'assistant' | 'tool';
  content: string | PromptPart[];
}

/** @throws TriviumError `unsupported` for parts that are not taken, `invalid-argument` for a result without its call */
export function promptOf(messages: readonly OpenAiMessage[]): PromptMessage[] {
  const toolNames = new Map<string, string>();
  return messages.map((message, index): PromptMessage => {
    if (message.role === 'tool') {
      const toolName = toolNames.get(message.tool_call_id);
      if (toolName === undefined) throw unknownCall(message.tool_call_id, index);
      return { role: 'tool', content: [toolResult(message.tool_call_id, toolName, textOf(message.content))] };
    }
    if (message.role === 'assistant') {
      for (const call of message.tool_calls ?? []) toolNames.set(call.id, call.function.name);
      return { role: 'assistant', content: assistantParts(message) };
    }
    if (message.role !== 'user') return { role: 'system', content: textOf(message.content) };
    const { content } = message;
    return {
      role: 'user',
      content:
        typeof content === 'string' ? [textPart(content)] : content.map((part) => userPart(part, index)),
    };
  });
}

export const textPart = (text: string): PromptPart => ({ type: 'text', text });

export const toolResult = (toolCallId: string, toolName: string, text: string): PromptPart => ({
  type: 'tool-result',
  toolCallId,
  toolName,
  output: { type: 'text', value: text },
});

export const toolCallPart = (toolCallId: string, toolName: string, input: string): PromptPart => ({
  type: 'tool-call',
  toolCallId,
  toolName,
  input: parsed(input),
});

/** A call that the model broke keeps its text. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json === '' ? '{}' : json);
  } catch {
    return json;
  }
}

type Texts = string | readonly { text: string }[];
export const textOf = (content: Texts) =>
  typeof content === 'string' ? content : content.map(({ text }) => text).join('');

function assistantParts({
  content,
  reasoning_content: reasoning,
  tool_calls: calls,
}: Extract<OpenAiMessage, { role: 'assistant' }>): PromptPart[] {
  const parts: PromptPart[] = [];
  if (reasoning) parts.push({ type: 'reasoning', text: reasoning });
  if (typeof content === 'string' && content !== '') parts.push(textPart(content));
  if (Array.isArray(content))
    parts.push(...content.map((part) => textPart(part.type === 'text' ? part.text : part.refusal)));
  for (const call of calls ?? [])
    parts.push(toolCallPart(call.id, call.function.name, call.function.arguments));
  return parts;
}

type UserPart = Exclude<Extract<OpenAiMessage, { role: 'user' }>['content'], string>[number];

function userPart(part: UserPart, index: number): PromptPart {
  const field = `messages.${index}.content`;
  if (part.type === 'text') return textPart(part.text);
  if (part.type === 'image_url') return filePart(part.image_url.url, field);
  if (part.type === 'input_audio')
    return {
      type: 'file',
      mediaType: `audio/${part.input_audio.format}`,
      data: { type: 'data', data: part.input_audio.data },
    };
  const { file_data: data, filename } = part.file;
  if (data === undefined)
    refuse(field, 'Files are not kept by this server.', 'Give the bytes in file_data, as a data URL.');
  const file = filePart(data, field);
  return filename === undefined ? file : { ...file, filename };
}

/** @throws TriviumError `unsupported` for what is no data URL */
export function filePart(url: string, field: string): PromptPart {
  const { mediaType, base64 } = readDataUrl(url, field);
  return { type: 'file', mediaType, data: { type: 'data', data: base64 } };
}

/** @throws TriviumError `unsupported` for what is no data URL in base64 */
export function readDataUrl(url: string, field: string): { mediaType: string; base64: string } {
  const [, mediaType, base64] =
    /^data:([\w.+-]+\/[\w.+-]+)(?:;[\w=.-]+)*;base64,([A-Za-z0-9+/=_-]*)$/.exec(url) ?? [];
  if (mediaType !== undefined && base64 !== undefined) return { mediaType, base64 };
  return refuse(
    field,
    'This server fetches nothing for its callers: files are given as data URLs in base64.',
    'Send data:MEDIA-TYPE;base64,BYTES.',
    url.slice(0, 40),
  );
}

const unknownCall = (id: string, index: number) =>
  new TriviumError('invalid-argument', `There is no call "${id}" before its result.`, {
    field: `messages.${index}.tool_call_id`,
    found: id,
    remedy: 'Send the assistant message with its tool_calls before the result.',
  });
