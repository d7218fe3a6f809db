/** What `/v1/responses` takes and answers, in OpenAI's shapes. */
import { z } from 'zod';
import { optional, samplingFields } from './call-settings.js';

const count = z.number().int();

const inputPart = z.discriminatedUnion('type', [
  z.object({ type: z.literal('input_text'), text: z.string() }),
  z.object({ type: z.literal('output_text'), text: z.string() }),
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('refusal'), refusal: z.string() }),
  z.object({
    type: z.literal('input_image'),
    image_url: z.string().nullish(),
    file_id: z.string().nullish(),
  }),
  z.object({
    type: z.literal('input_file'),
    file_data: z.string().nullish(),
    filename: z.string().nullish(),
    file_id: z.string().nullish(),
    file_url: z.string().nullish(),
  }),
]);
export type InputPart = z.output<typeof inputPart>;

const inputItem = z.union([
  z.object({
    type: z.literal('message').optional(),
    role: z.enum(['user', 'assistant', 'system', 'developer']),
    content: z.union([z.string(), z.array(inputPart)]),
  }),
  z.object({
    type: z.literal('function_call'),
    call_id: z.string().min(1),
    name: z.string().min(1),
    arguments: z.string(),
  }),
  z.object({
    type: z.literal('function_call_output'),
    call_id: z.string().min(1),
    output: z.union([z.string(), z.array(inputPart)]),
  }),
  z.looseObject({
    type: z.literal('reasoning'),
    summary: z.array(z.looseObject({ type: z.string(), text: z.string() })).optional(),
    content: z.array(z.looseObject({ type: z.string(), text: z.string() })).nullish(),
  }),
]);
export type InputItem = z.output<typeof inputItem>;

const functionTool = z.object({
  type: z.literal('function'),
  name: z.string().regex(/^[\w.-]{1,128}$/),
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  strict: z.boolean().nullish(),
});

const format = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    name: z.string(),
    description: z.string().nullish(),
    schema: z.record(z.string(), z.unknown()),
    strict: z.boolean().nullish(),
  }),
]);

const reasoningEffort = z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);

export const responsesRequest = z.looseObject({
  model: z.string().min(1).optional().describe("Default: the server's."),
  input: z.union([z.string(), z.array(inputItem).min(1)]),
  instructions: optional(z.string()),
  stream: optional(z.boolean()),
  max_output_tokens: optional(z.number().int().min(1)),
  tools: optional(z.array(functionTool).max(256)).describe('Functions; hosted tools are refused.'),
  tool_choice: optional(
    z.union([
      z.enum(['auto', 'none', 'required']),
      z.object({ type: z.literal('function'), name: z.string() }),
    ]),
  ),
  parallel_tool_calls: optional(z.boolean()),
  text: optional(z.looseObject({ format: optional(format) })),
  reasoning: optional(z.looseObject({ effort: optional(reasoningEffort) })),
  truncation: optional(z.enum(['auto', 'disabled'])).describe(
    'auto: the oldest messages leave where the context is full.',
  ),
  previous_response_id: optional(z.string()).describe(
    'Refused: answers are not kept; send the conversation.',
  ),
  store: optional(z.boolean()).describe('Answers are never kept.'),
  background: optional(z.boolean()).describe('Refused when true.'),
  metadata: optional(z.record(z.string(), z.string())),
  ...samplingFields,
});
export type ResponsesRequest = z.output<typeof responsesRequest>;

const status = z.enum(['in_progress', 'completed', 'incomplete', 'failed']);

const outputText = z.object({
  type: z.literal('output_text'),
  text: z.string(),
  annotations: z.array(z.unknown()),
  logprobs: z.array(z.unknown()),
});

export const outputItem = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('message'),
    id: z.string(),
    status,
    role: z.literal('assistant'),
    content: z.array(outputText),
  }),
  z.object({
    type: z.literal('function_call'),
    id: z.string(),
    status,
    call_id: z.string(),
    name: z.string(),
    arguments: z.string(),
  }),
  z.object({
    type: z.literal('reasoning'),
    id: z.string(),
    status,
    summary: z.array(z.unknown()),
    content: z.array(z.object({ type: z.literal('reasoning_text'), text: z.string() })),
  }),
]);
export type OutputItem = z.output<typeof outputItem>;

export const response = z.looseObject({
  id: z.string(),
  object: z.literal('response'),
  created_at: count,
  completed_at: count.nullable(),
  status,
  model: z.string(),
  output: z.array(outputItem),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  incomplete_details: z.object({ reason: z.string() }).nullable(),
  usage: z
    .object({
      input_tokens: count,
      input_tokens_details: z.object({ cached_tokens: count }),
      output_tokens: count,
      output_tokens_details: z.object({ reasoning_tokens: count }),
      total_tokens: count,
    })
    .nullable(),
});
export type ResponseObject = z.output<typeof response>;

export const responsesEvent = z.looseObject({ type: z.string(), sequence_number: count });
