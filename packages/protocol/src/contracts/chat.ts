/**
 * One turn of a conversation: messages in, the next answer out. The caller keeps the conversation; what has left it for
 * want of room is counted in the output, so that a caller can forget it too.
 */
import * as z from 'zod';
import { defineCapability } from '../capability.js';
import { usage } from './models.js';
import { modelProgress, modelReference, readOnly, textDelta } from './shared.js';

export const chatMessage = z.object({
  role: z.enum(['system', 'user', 'assistant']),
  content: z.string(),
});

/** A piece of what the model thinks before it answers, where its chat template marks that. */
export const reasoningDelta = z.object({ type: z.literal('reasoning-delta'), text: z.string() });

export const chatWarning = z.object({ type: z.literal('warning'), message: z.string() });

export const chat = defineCapability({
  plugin: 'models',
  name: 'chat',
  title: 'Talk with a model',
  description:
    'The next answer of a language model in a conversation, through its own chat template; the text streams as it is written. The oldest turns leave where the conversation outgrows the context, and the output counts them.',
  input: z.object({
    messages: z
      .array(chatMessage)
      .min(1)
      .refine(
        (messages) => messages.at(-1)?.role === 'user',
        'the last message is the one to answer: a user message',
      )
      .describe('The conversation, oldest message first; the last one is the user message to answer.'),
    model: modelReference.optional(),
    system: z.string().optional().describe('What the model is told before the conversation.'),
    maxTokens: z.number().int().min(1).optional().describe('Of the answer; default: what the context holds.'),
    temperature: z
      .number()
      .min(0)
      .optional()
      .describe("0 is greedy; default: what the model's file asks for, else 0."),
    topK: z.number().int().min(0).optional(),
    topP: z.number().gt(0).lte(1).optional(),
    minP: z.number().min(0).max(1).optional(),
    seed: z.number().int().min(0).optional(),
    stop: z.array(z.string()).optional(),
    thinking: z
      .boolean()
      .optional()
      .describe('Let the model think first, or not, where its template has a switch.'),
  }),
  progress: z.discriminatedUnion('type', [textDelta, reasoningDelta, chatWarning, ...modelProgress]),
  output: z.object({
    text: z.string(),
    reasoning: z.string().optional().describe('What the model thought before it answered.'),
    model: z.string(),
    finishReason: z
      .enum(['stop', 'length'])
      .describe('length: the answer was cut by maxTokens or the context.'),
    usage,
    droppedMessages: z
      .number()
      .int()
      .describe('Messages, oldest first and no system messages, that the model was not shown.'),
    warnings: z.array(z.string()),
    ms: z.number().describe('Milliseconds.'),
  }),
  effects: readOnly,
  commandLine: {
    conversation: 'messages',
    examples: [
      'chat --model ./model.gguf --system "Answer in one sentence."',
      'chat --model hf:Qwen/Qwen3-4B-GGUF:Q4_K_M < question.txt',
    ],
  },
  readable: ({ text }) => text,
});

export type ChatMessage = z.output<typeof chatMessage>;
