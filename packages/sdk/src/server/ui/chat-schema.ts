/** What `/api/chat` takes: the body that `useChat` sends, and what a page may add to it. */
import { z } from 'zod';

const part = z.looseObject({ type: z.string() });

export const uiChatRequest = z.looseObject({
  id: z.string().min(1).max(512).describe('The chat.'),
  messages: z
    .array(
      z.looseObject({ id: z.string(), role: z.enum(['system', 'user', 'assistant']), parts: z.array(part) }),
    )
    .min(1)
    .describe('UI messages of the AI SDK.'),
  trigger: z.enum(['submit-message', 'regenerate-message']).optional(),
  messageId: z.string().nullish(),
  model: z.string().min(1).optional().describe("Default: the server's."),
  system: z.string().optional().describe('What the model is told before the conversation.'),
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().gt(0).lte(1).optional(),
  maxOutputTokens: z.number().int().min(1).optional(),
  seed: z.number().int().optional(),
  documents: z
    .object({
      paths: z.array(z.string().min(1)).min(1).describe("Relative to the server's root."),
      limit: z.number().int().min(1).max(20).default(5).describe('Citations at most.'),
      writes: z
        .boolean()
        .default(false)
        .describe('The model writes the answer; without it the answer is made of quotes.'),
    })
    .optional()
    .describe('Answers the last message from documents, with citations as `data-trivium-citation` parts.'),
  tools: z
    .record(
      z.string().regex(/^[\w-]{1,64}$/),
      z.object({
        description: z.string().optional(),
        inputSchema: z.record(z.string(), z.unknown()).describe('A JSON Schema.'),
      }),
    )
    .optional()
    .describe('Tools that the page runs.'),
});
export type UiChatRequest = z.output<typeof uiChatRequest>;

export const uiChunk = z.looseObject({ type: z.string() }).describe('A chunk of a UI message stream, v1.');
