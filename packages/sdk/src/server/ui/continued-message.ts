/**
 * A message that an answer continues, as one does behind the results of a page's tools: told in the chunks that make it, for a
 * client that takes the answer up again empties the message first. Knows the AI SDK's parts and chunks, no models.
 */
import { frameOf } from '../event-stream.js';
import type { UiChatRequest } from './chat-schema.js';

type Message = UiChatRequest['messages'][number];
type Part = Message['parts'][number];
type Chunk = { type: string } & Record<string, unknown>;

/** Its frames, as one text; empty where the answer is a message of its own. */
export function continuedFrames(messages: readonly Message[]): string {
  const last = messages.at(-1);
  if (last?.role !== 'assistant') return '';
  const start: Chunk = { type: 'start', messageId: last.id, messageMetadata: last.metadata };
  // The answer's own start, of the same message, empties nothing any more.
  return [start, ...last.parts.flatMap(chunksOf)]
    .map((chunk) => frameOf({ data: JSON.stringify(chunk) }))
    .join('');
}

/** Fields without a value do not travel. */
function chunksOf(part: Part, index: number): Chunk[] {
  const { type } = part;
  if (type === 'step-start') return [{ type: 'start-step' }];
  if (type === 'text' || type === 'reasoning') {
    const id = `before-${index}`;
    const { text, providerMetadata } = part;
    return [
      { type: `${type}-start`, id, providerMetadata },
      { type: `${type}-delta`, id, delta: text },
      { type: `${type}-end`, id },
    ];
  }
  if (type === 'dynamic-tool' || type.startsWith('tool-')) return toolChunks(part);
  // Files, sources and data are the same as parts and as chunks.
  return [part];
}

function toolChunks(part: Part): Chunk[] {
  const { toolCallId, state, input, rawInput, output, errorText, providerExecuted, preliminary } = part;
  const dynamic = part.type === 'dynamic-tool' || undefined;
  const call = {
    toolCallId,
    toolName: dynamic ? part.toolName : part.type.slice('tool-'.length),
    dynamic,
    providerExecuted,
    title: part.title,
    providerMetadata: part.callProviderMetadata,
  };
  if (state === 'input-available') return [{ type: 'tool-input-available', ...call, input }];
  if (state === 'output-error' && input === undefined)
    return [{ type: 'tool-input-error', ...call, input: rawInput, errorText }];
  // In pieces: a page runs its tool where an input is said to be whole, and this one was run.
  const told: Chunk[] = [{ type: 'tool-input-start', ...call }];
  if (input !== undefined)
    told.push({ type: 'tool-input-delta', toolCallId, inputTextDelta: JSON.stringify(input) });
  const result = { toolCallId, dynamic, providerExecuted };
  if (state === 'output-available')
    told.push({ type: 'tool-output-available', ...result, output, preliminary });
  if (state === 'output-error') told.push({ type: 'tool-output-error', ...result, errorText });
  return told;
}
