/**
 * The AI SDK's prompt as the messages that chat templates expect: OpenAI's shapes for calls and results, which the
 * templates of Qwen, Hermes, Llama 3, Mistral and gpt-oss share. Refuses by name what a model or its template cannot take; knows no tokens.
 */
import { TriviumError } from '@trivium/protocol';
import { nineCharacterId } from './call-id.js';
import type { ToolFormat } from './output-format/formats.js';
import type { PromptMessage, PromptPart } from './specification.js';

interface ChatToolCall {
  id: string;
  type: 'function';
  function: { name: string; arguments: unknown };
}

export interface ChatMessage {
  role: string;
  content: string;
  /** Only for templates that know the word, one of the two. */
  reasoning_content?: string;
  thinking?: string;
  tool_calls?: ChatToolCall[];
  /** Of a tool's result: the tool, and the call that it answers. */
  name?: string;
  tool_call_id?: string;
}

export type ReasoningKey = 'reasoning_content' | 'thinking';

export interface ChatForm {
  /** How the template writes calls; without a row for tools, calls and results are refused. */
  format: { tools?: Pick<ToolFormat, 'oneCallAMessage' | 'nineCharacterIds'> };
  /** Where the template takes the reasoning of earlier turns; without such a place it is left out. */
  reasoningKey?: ReasoningKey | undefined;
}

/**
 * @example toChatMessages([{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }], { format: {} });
 * @throws TriviumError `unsupported` for parts that the model or its template cannot take
 */
export function toChatMessages(prompt: readonly PromptMessage[], form: ChatForm): ChatMessage[] {
  const messages = prompt.flatMap((message) => messagesOf(message, form));
  return form.format.tools?.oneCallAMessage ? oneCallAMessage(messages) : messages;
}

function messagesOf({ role, content }: PromptMessage, { format, reasoningKey }: ChatForm): ChatMessage[] {
  if (typeof content === 'string') return [{ role, content }];
  const { tools } = format;
  const message: ChatMessage = { role, content: '' };
  const results: ChatMessage[] = [];
  for (const part of content) {
    if (part.type === 'text' && typeof part.text === 'string') message.content += part.text;
    else if (part.type === 'reasoning' && typeof part.text === 'string') {
      if (reasoningKey) message[reasoningKey] = (message[reasoningKey] ?? '') + part.text;
    } else if (part.type === 'tool-call' && tools) {
      message.tool_calls ??= [];
      message.tool_calls.push(toolCallOf(part, idOf(part, tools)));
    } else if (part.type === 'tool-result' && tools) results.push(resultOf(part, idOf(part, tools)));
    else throw refused(role, part.type);
  }
  return role === 'tool' ? results : [message, ...results];
}

const idOf = ({ toolCallId = '' }: PromptPart, { nineCharacterIds }: { nineCharacterIds: boolean }) =>
  nineCharacterIds ? nineCharacterId(toolCallId) : toolCallId;

function toolCallOf({ toolName = '', input }: PromptPart, id: string): ChatToolCall {
  return { id, type: 'function', function: { name: toolName, arguments: argumentsOf(input) } };
}

/** Templates want an object; a call that was broken keeps its text. */
function argumentsOf(input: unknown): unknown {
  if (typeof input !== 'string') return input ?? {};
  try {
    const value: unknown = JSON.parse(input);
    return typeof value === 'object' && value !== null ? value : input;
  } catch {
    return input;
  }
}

function resultOf({ toolName = '', output }: PromptPart, id: string): ChatMessage {
  return { role: 'tool', name: toolName, tool_call_id: id, content: outputText(output) };
}

function outputText(output: unknown): string {
  const { type, value, reason } = (output ?? {}) as { type?: string; value?: unknown; reason?: unknown };
  if (type === 'text' || type === 'error-text') return String(value);
  if (type === 'json' || type === 'error-json') return JSON.stringify(value) ?? 'null';
  if (type === 'execution-denied')
    return typeof reason === 'string' ? `Execution denied: ${reason}` : 'Execution denied.';
  if (type !== 'content' || !Array.isArray(value)) throw refused('tool', String(type));
  return (value as { type: string; text?: string }[])
    .map((part) => {
      if (part.type === 'text' && typeof part.text === 'string') return part.text;
      throw refused('tool', part.type);
    })
    .join('\n');
}

function refused(role: string, type: string): TriviumError {
  const ofTools = type === 'tool-call' || type === 'tool-result';
  return new TriviumError(
    'unsupported',
    ofTools
      ? `The chat template of this model has no form for tools that is known here; a ${role} message has a part of type "${type}".`
      : `This model reads text; a ${role} message has a part of type "${type}".`,
    { field: 'prompt', found: type, remedy: 'Leave the part out or use a model that takes it.' },
  );
}

/**
 * A turn with text and several calls becomes several turns: the text, then each call with its result behind it. Reasoning
 * goes with the first call, before which a model that thinks between calls will look for it.
 */
function oneCallAMessage(messages: readonly ChatMessage[]): ChatMessage[] {
  const split: ChatMessage[] = [];
  const answered = new Set<ChatMessage>();
  for (const [index, message] of messages.entries()) {
    const { role, content, tool_calls: calls, ...reasoning } = message;
    if (!calls) {
      if (!answered.has(message)) split.push(message);
      continue;
    }
    if (content.trim() !== '') split.push({ role, content });
    const results = resultsBehind(index, messages);
    for (const call of calls) {
      split.push({ role, content: '', ...(call === calls[0] && reasoning), tool_calls: [call] });
      const result = results.get(call.id);
      if (!result || answered.has(result)) continue;
      answered.add(result);
      split.push(result);
    }
  }
  return split;
}

/** The tool messages right behind a turn, by the call that they answer; of several the first. */
function resultsBehind(turn: number, messages: readonly ChatMessage[]): Map<string | undefined, ChatMessage> {
  const results = new Map<string | undefined, ChatMessage>();
  for (let index = turn + 1; messages[index]?.role === 'tool'; index += 1) {
    const result = messages[index]!;
    if (!results.has(result.tool_call_id)) results.set(result.tool_call_id, result);
  }
  return results;
}
