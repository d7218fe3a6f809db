/** What `/v1/chat/completions` takes and answers, in OpenAI's shapes; fields of ours are marked as extensions. */
import { contracts } from '@trivium/protocol';
import { z } from 'zod';
import { optional, samplingFields, stopField } from './call-settings.js';

const textPart = z.object({ type: z.literal('text'), text: z.string() });
const imagePart = z.object({
  type: z.literal('image_url'),
  image_url: z.object({ url: z.string(), detail: z.string().optional() }),
});
const audioPart = z.object({
  type: z.literal('input_audio'),
  input_audio: z.object({ data: z.string(), format: z.string() }),
});
const filePart = z.object({
  type: z.literal('file'),
  file: z.object({
    file_data: z.string().optional().describe('A data URL.'),
    filename: z.string().optional(),
    file_id: z.string().optional(),
  }),
});
const refusalPart = z.object({ type: z.literal('refusal'), refusal: z.string() });

const toolCall = z.object({
  id: z.string().min(1),
  type: z.literal('function').default('function'),
  function: z.object({ name: z.string().min(1), arguments: z.string() }),
});

const texts = z.union([z.string(), z.array(textPart).min(1)]);

export const chatMessage = z.discriminatedUnion('role', [
  z.object({ role: z.enum(['system', 'developer']), content: texts, name: z.string().optional() }),
  z.object({
    role: z.literal('user'),
    content: z.union([
      z.string(),
      z.array(z.discriminatedUnion('type', [textPart, imagePart, audioPart, filePart])).min(1),
    ]),
    name: z.string().optional(),
  }),
  z.object({
    role: z.literal('assistant'),
    content: z.union([z.string(), z.array(z.discriminatedUnion('type', [textPart, refusalPart]))]).nullish(),
    reasoning_content: z.string().nullish().describe('Extension: what the model thought.'),
    tool_calls: z.array(toolCall).nullish(),
    refusal: z.string().nullish(),
    name: z.string().optional(),
  }),
  z.object({ role: z.literal('tool'), content: texts, tool_call_id: z.string().min(1) }),
]);
export type OpenAiMessage = z.output<typeof chatMessage>;

const parameters = z.record(z.string(), z.unknown()).describe('A JSON Schema of the arguments.');
export const functionTool = z.object({
  type: z.literal('function'),
  function: z.object({
    name: z.string().regex(/^[\w.-]{1,128}$/, 'letters, digits, "_", "-" and ".", at most 128'),
    description: z.string().nullish(),
    parameters: parameters.nullish(),
    strict: z.boolean().nullish(),
  }),
});

const toolChoice = z.union([
  z.enum(['auto', 'none', 'required']),
  z.object({ type: z.literal('function'), function: z.object({ name: z.string() }) }),
]);

const responseFormat = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    json_schema: z.object({
      name: z.string(),
      description: z.string().nullish(),
      schema: z.record(z.string(), z.unknown()).nullish(),
      strict: z.boolean().nullish(),
    }),
  }),
]);

const limit = z.number().int().min(1);

/** Fields that make a chat a staged writing. */
const stagedFields = {
  summary_ratio: optional(z.number().gt(0).lt(1)).describe(
    'Extension: write in stages (summary, expand, polish), this share of the length in the summary.',
  ),
  stages: optional(contracts.stagesInput).describe(
    'Extension: write in stages, each with its own model, temperature and budget.',
  ),
  stream_output: optional(z.boolean()).describe(
    'Extension: stream the events of the stages, drafts included, in the field `trivium` of chunks; implies `stream`.',
  ),
  target_words: optional(z.number().int().min(50).max(100_000)).describe(
    'Extension: words of a staged writing; default 1,000.',
  ),
};

export const chatRequest = z.looseObject({
  model: z.string().min(1).optional().describe("Default: the server's."),
  messages: z.array(chatMessage).min(1),
  stream: optional(z.boolean()),
  stream_options: optional(z.object({ include_usage: z.boolean().optional() })),
  max_tokens: optional(limit),
  max_completion_tokens: optional(limit),
  stop: stopField,
  n: optional(z.number().int()).describe('1; more are refused.'),
  logprobs: optional(z.boolean()),
  top_logprobs: optional(z.number().int().min(0).max(20)),
  response_format: optional(responseFormat),
  tools: optional(z.array(functionTool).max(256)),
  tool_choice: optional(toolChoice),
  parallel_tool_calls: optional(z.boolean()),
  reasoning_effort: optional(z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'])),
  ...samplingFields,
  ...stagedFields,
});
export type ChatRequest = z.output<typeof chatRequest>;

const count = z.number().int();
export const chatUsage = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  total_tokens: count,
  prompt_tokens_details: z.object({ cached_tokens: count }).optional(),
  completion_tokens_details: z.object({ reasoning_tokens: count }).optional(),
});

const logprob = z.object({ token: z.string(), logprob: z.number(), bytes: z.array(count).nullable() });
export const chatLogprobs = z.object({
  content: z.array(logprob.extend({ top_logprobs: z.array(logprob) })),
  refusal: z.null(),
});

export const finishReason = z.enum(['stop', 'length', 'tool_calls', 'content_filter']);
const extra = z
  .looseObject({})
  .optional()
  .describe('Extension: warnings of the model, events of stages, citations.');

const message = z.object({
  role: z.literal('assistant'),
  content: z.string().nullable(),
  refusal: z.null(),
  annotations: z.array(z.unknown()).optional(),
  reasoning_content: z.string().optional(),
  tool_calls: z.array(toolCall).optional(),
});

export const chatCompletion = z.object({
  id: z.string(),
  object: z.literal('chat.completion'),
  created: count,
  model: z.string(),
  choices: z.array(
    z.object({ index: count, message, logprobs: chatLogprobs.nullable(), finish_reason: finishReason }),
  ),
  usage: chatUsage,
  trivium: extra,
});

const delta = z.object({
  role: z.literal('assistant').optional(),
  content: z.string().nullable().optional(),
  reasoning_content: z.string().optional(),
  tool_calls: z
    .array(
      z.object({
        index: count,
        id: z.string().optional(),
        type: z.literal('function').optional(),
        function: z.object({ name: z.string().optional(), arguments: z.string().optional() }),
      }),
    )
    .optional(),
});

export const chatChunk = z.object({
  id: z.string(),
  object: z.literal('chat.completion.chunk'),
  created: count,
  model: z.string(),
  choices: z.array(
    z.object({
      index: count,
      delta,
      logprobs: chatLogprobs.nullable(),
      finish_reason: finishReason.nullable(),
    }),
  ),
  usage: chatUsage.nullable().optional(),
  trivium: extra,
});

export type ChatUsage = z.output<typeof chatUsage>;
export type ChatLogprobs = z.output<typeof chatLogprobs>;
export type ChatChunk = z.output<typeof chatChunk>;
export type ChatCompletion = z.output<typeof chatCompletion>;
export type ChatDelta = ChatChunk['choices'][number]['delta'];
