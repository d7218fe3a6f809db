/**
 * An answer as the items and events of OpenAI's Responses: each item is opened, grows and is closed, and every event has the
 * next number. Whole answers are the last event's response, so that both say the same. Knows parts, no HTTP.
 */
import { randomUUID } from 'node:crypto';
import type { errorBody } from '@trivium/protocol';
import type { AnyPart } from '../../provider/any-language-model.js';
import { argumentsOf, CallLimit, restOf } from './chat-answer.js';
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

type CallItem = Extract<OutputItem, { type: 'function_call' }>;
type TextItem = Exclude<OutputItem, CallItem>;

export class ResponseWriter {
  readonly #response: ResponseObject;
  readonly #limit: CallLimit;
  #sequence = 0;
  /** The text that grows. Calls grow beside each other, each until it is whole. */
  #text: TextItem | undefined;

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
        yield* this.#growText('message', part.delta);
        break;
      case 'reasoning-delta':
        yield* this.#growText('reasoning', part.delta);
        break;
      case 'tool-input-start':
        yield* this.#openCall(part.id, part.toolName);
        break;
      case 'tool-input-delta':
        yield* this.#growCall(this.#callOf(part.id), part.delta);
        break;
      case 'tool-call':
        yield* this.#wholeCall(part);
        break;
      default:
    }
  }

  /** Closes what is open; the last event holds the whole response. */
  *finish({ finishReason, usage }: CallEnd, warnings: readonly string[]): Generator<ResponsesEvent> {
    yield* this.#closeAll(finishReason === 'length' ? 'incomplete' : 'completed');
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
    yield* this.#closeAll('incomplete');
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

  #placeOf(item: OutputItem) {
    return { item_id: item.id, output_index: this.#response.output.indexOf(item) };
  }

  /** What opens after a text ends it; a call goes on, for its pieces may come between those of others. */
  *#open(item: OutputItem): Generator<ResponsesEvent> {
    if (this.#text) yield* this.#close(this.#text, 'completed');
    this.#text = item.type === 'function_call' ? undefined : item;
    const index = this.#response.output.push(item) - 1;
    yield this.#event('response.output_item.added', { output_index: index, item: structuredClone(item) });
  }

  *#growText(type: TextItem['type'], delta: string): Generator<ResponsesEvent> {
    // Blocks of text that follow each other are one message.
    if (this.#text?.type !== type) yield* this.#openText(type);
    const item = this.#text!;
    const place = { ...this.#placeOf(item), content_index: 0 };
    item.content[0]!.text += delta;
    if (item.type === 'message')
      yield this.#event('response.output_text.delta', { ...place, delta, logprobs: [] });
    else yield this.#event('response.reasoning_text.delta', { ...place, delta });
  }

  *#openText(type: TextItem['type']): Generator<ResponsesEvent> {
    const item: TextItem =
      type === 'message'
        ? { type, id: newId('msg'), status: 'in_progress', role: 'assistant', content: [] }
        : { type, id: newId('rs'), status: 'in_progress', summary: [], content: [] };
    yield* this.#open(item);
    if (item.type === 'message')
      item.content.push({ type: 'output_text', text: '', annotations: [], logprobs: [] });
    else item.content.push({ type: 'reasoning_text', text: '' });
    const place = { ...this.#placeOf(item), content_index: 0 };
    yield this.#event('response.content_part.added', { ...place, part: structuredClone(item.content[0]) });
  }

  #callOf(id: string): CallItem | undefined {
    return this.#response.output.find(
      (item): item is CallItem => item.type === 'function_call' && item.call_id === id,
    );
  }

  *#openCall(id: string, name: string): Generator<ResponsesEvent> {
    if (this.#callOf(id) || this.#limit.indexOf(id, name) === undefined) return;
    yield* this.#open({
      type: 'function_call',
      id: newId('fc'),
      status: 'in_progress',
      call_id: id,
      name,
      arguments: '',
    });
  }

  *#growCall(item: CallItem | undefined, delta: string): Generator<ResponsesEvent> {
    if (item?.status !== 'in_progress' || delta === '') return;
    item.arguments += delta;
    yield this.#event('response.function_call_arguments.delta', { ...this.#placeOf(item), delta });
  }

  *#wholeCall(part: AnyPart): Generator<ResponsesEvent> {
    yield* this.#openCall(part.toolCallId, part.toolName);
    const item = this.#callOf(part.toolCallId);
    if (!item) return;
    yield* this.#growCall(item, restOf(argumentsOf(part), item.arguments));
    yield* this.#close(item, 'completed');
  }

  *#closeAll(status: 'completed' | 'incomplete'): Generator<ResponsesEvent> {
    for (const item of this.#response.output) yield* this.#close(item, status);
  }

  *#close(item: OutputItem, status: 'completed' | 'incomplete'): Generator<ResponsesEvent> {
    if (item.status !== 'in_progress') return;
    item.status = status;
    const place = this.#placeOf(item);
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
    const { output_index } = place;
    yield this.#event('response.output_item.done', { output_index, item: structuredClone(item) });
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
