/**
 * An answer as the items and events of OpenAI's Responses: each item is opened, grows and is closed, and every event has the
 * next number. Whole answers are the last event's response, so that both say the same. Knows parts, no HTTP.
 */
import { randomUUID } from 'node:crypto';
import type { errorBody } from '@trivium/protocol';
import type { AnyPart } from '../../provider/any-language-model.js';
import { CallLimit } from './chat-answer.js';
import type { CallEnd, StreamedAnswer } from './model-call.js';
import type { OutputItem, ResponseObject, ResponsesRequest } from './responses-schema.js';

export type ResponsesEvent = { type: string; sequence_number: number } & Record<string, unknown>;

const newId = (prefix: string) => `${prefix}_${randomUUID().replaceAll('-', '')}`;

/** A response that has begun, with the settings of its request. */
export function startedResponse(body: ResponsesRequest, model: string): ResponseObject {
  return {
    id: newId('resp'),
    object: 'response',
    created_at: Math.floor(Date.now() / 1000),
    completed_at: null,
    status: 'in_progress',
    model,
    output: [],
    error: null,
    incomplete_details: null,
    usage: null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: null,
    metadata: body.metadata ?? {},
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: null,
    reasoning: { effort: body.reasoning?.effort ?? null, summary: null },
    store: false,
    background: false,
    service_tier: 'default',
    safety_identifier: null,
    prompt_cache_key: null,
    temperature: body.temperature ?? 0,
    top_p: body.top_p ?? 1,
    presence_penalty: body.presence_penalty ?? 0,
    frequency_penalty: body.frequency_penalty ?? 0,
    top_logprobs: 0,
    text: { format: body.text?.format ?? { type: 'text' } },
    tool_choice: body.tool_choice ?? 'auto',
    tools: (body.tools ?? []).map((tool) => ({
      ...tool,
      description: tool.description ?? null,
      parameters: tool.parameters ?? null,
      strict: tool.strict ?? false,
    })),
    truncation: body.truncation ?? 'disabled',
  };
}

/** The item that grows, and what closes it. */
interface OpenItem {
  item: OutputItem;
  index: number;
  /** The part's id of the AI SDK. */
  partId: string;
}

export class ResponseWriter {
  readonly #response: ResponseObject;
  readonly #limit: CallLimit;
  #sequence = 0;
  #open: OpenItem | undefined;

  constructor(response: ResponseObject, body: ResponsesRequest) {
    this.#response = response;
    this.#limit = new CallLimit(body.parallel_tool_calls);
  }

  get response(): ResponseObject {
    return this.#response;
  }

  *start(): Generator<ResponsesEvent> {
    yield this.#event('response.created', { response: this.#snapshot() });
    yield this.#event('response.in_progress', { response: this.#snapshot() });
  }

  *read(part: AnyPart): Generator<ResponsesEvent> {
    switch (part.type) {
      case 'text-delta':
        yield* this.#grow('message', part.id, part.delta);
        break;
      case 'reasoning-delta':
        yield* this.#grow('reasoning', part.id, part.delta);
        break;
      case 'tool-input-start':
        yield* this.#openCall(part.id, part.toolName);
        break;
      case 'tool-input-delta':
        yield* this.#growCall(part.id, part.delta);
        break;
      case 'tool-call':
        yield* this.#call(part);
        break;
      default:
    }
  }

  /** Closes what is open; the last event holds the whole response. */
  *finish({ finishReason, usage }: CallEnd, warnings: readonly string[]): Generator<ResponsesEvent> {
    yield* this.#close(finishReason === 'length' ? 'incomplete' : 'completed');
    const reason =
      finishReason === 'length'
        ? 'max_output_tokens'
        : finishReason === 'content-filter'
          ? 'content_filter'
          : undefined;
    const response = this.#response;
    response.status = reason === undefined ? 'completed' : 'incomplete';
    response.completed_at = reason === undefined ? Math.floor(Date.now() / 1000) : null;
    response.incomplete_details = reason === undefined ? null : { reason };
    response.usage = {
      input_tokens: usage.input,
      input_tokens_details: { cached_tokens: usage.cached },
      output_tokens: usage.output,
      output_tokens_details: { reasoning_tokens: usage.reasoning },
      total_tokens: usage.input + usage.output,
    };
    const said = [...warnings, ...this.#limit.warnings()];
    if (said.length > 0) response.trivium = { warnings: said };
    yield this.#event(`response.${response.status}`, { response: this.#snapshot() });
  }

  *fail(failure: ReturnType<typeof errorBody>['error']): Generator<ResponsesEvent> {
    yield* this.#close('incomplete');
    this.#response.status = 'failed';
    this.#response.error = { code: failure.code, message: failure.message };
    yield this.#event('response.failed', { response: this.#snapshot() });
  }

  #event(type: string, fields: object): ResponsesEvent {
    const event = { type, sequence_number: this.#sequence, ...fields };
    this.#sequence += 1;
    return event;
  }

  #snapshot = (): ResponseObject => structuredClone(this.#response);

  *#openItem(item: OutputItem, partId: string): Generator<ResponsesEvent> {
    yield* this.#close('completed');
    const index = this.#response.output.push(item) - 1;
    this.#open = { item, index, partId };
    yield this.#event('response.output_item.added', { output_index: index, item: structuredClone(item) });
  }

  *#grow(type: 'message' | 'reasoning', partId: string, delta: string): Generator<ResponsesEvent> {
    // Blocks of text that follow each other are one message.
    if (this.#open?.item.type !== type) yield* this.#openText(type, partId);
    const { item, index } = this.#open!;
    const place = { item_id: item.id, output_index: index, content_index: 0 };
    if (item.type === 'message') {
      item.content[0]!.text += delta;
      yield this.#event('response.output_text.delta', { ...place, delta, logprobs: [] });
    } else if (item.type === 'reasoning') {
      item.content[0]!.text += delta;
      yield this.#event('response.reasoning_text.delta', { ...place, delta });
    }
  }

  *#openText(type: 'message' | 'reasoning', partId: string): Generator<ResponsesEvent> {
    const item: OutputItem =
      type === 'message'
        ? { type, id: newId('msg'), status: 'in_progress', role: 'assistant', content: [] }
        : { type, id: newId('rs'), status: 'in_progress', summary: [], content: [] };
    yield* this.#openItem(item, partId);
    if (item.type === 'message')
      item.content.push({ type: 'output_text', text: '', annotations: [], logprobs: [] });
    else item.content.push({ type: 'reasoning_text', text: '' });
    const place = { item_id: item.id, output_index: this.#open!.index, content_index: 0 };
    yield this.#event('response.content_part.added', { ...place, part: structuredClone(item.content[0]) });
  }

  *#openCall(partId: string, name: string): Generator<ResponsesEvent> {
    if (this.#limit.indexOf(partId, name) === undefined) return;
    const item: OutputItem = {
      type: 'function_call',
      id: newId('fc'),
      status: 'in_progress',
      call_id: partId,
      name,
      arguments: '',
    };
    yield* this.#openItem(item, partId);
  }

  *#growCall(partId: string, delta: string): Generator<ResponsesEvent> {
    const open = this.#open;
    if (open?.partId !== partId || open.item.type !== 'function_call' || delta === '') return;
    open.item.arguments += delta;
    const place = { item_id: open.item.id, output_index: open.index };
    yield this.#event('response.function_call_arguments.delta', { ...place, delta });
  }

  *#call({ toolCallId, toolName, input }: AnyPart): Generator<ResponsesEvent> {
    if (this.#response.output.some((item) => item.type === 'function_call' && item.call_id === toolCallId))
      return;
    yield* this.#openCall(toolCallId, toolName);
    yield* this.#growCall(toolCallId, input);
  }

  *#close(status: 'completed' | 'incomplete'): Generator<ResponsesEvent> {
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    const { item, index } = open;
    const place = { item_id: item.id, output_index: index };
    item.status = status;
    if (item.type === 'function_call') {
      const { name, arguments: json } = item;
      yield this.#event('response.function_call_arguments.done', { ...place, name, arguments: json });
    } else {
      const [part] = item.content;
      const inContent = { ...place, content_index: 0 };
      if (item.type === 'message')
        yield this.#event('response.output_text.done', { ...inContent, text: part!.text, logprobs: [] });
      else yield this.#event('response.reasoning_text.done', { ...inContent, text: part!.text });
      yield this.#event('response.content_part.done', { ...inContent, part: structuredClone(part) });
    }
    yield this.#event('response.output_item.done', { output_index: index, item: structuredClone(item) });
  }
}

/** All events of an answer. Throws what the model throws. */
export async function* responseEvents(
  writer: ResponseWriter,
  answer: StreamedAnswer,
): AsyncGenerator<ResponsesEvent, void, void> {
  yield* writer.start();
  for await (const part of answer.parts) yield* writer.read(part);
  yield* writer.finish(answer.end()!, answer.warnings);
}
