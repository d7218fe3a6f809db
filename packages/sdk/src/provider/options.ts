/** `providerOptions.trivium` of a language-model call: what the specification has no word for. */
import { TriviumError } from '@trivium/protocol';
import { z } from 'zod';

const schema = z
  .object({
    minP: z.number().min(0).max(1).optional(),
    repeatPenalty: z.number().positive().finite().optional(),
    logitBias: z.record(z.string().regex(/^\d+$/, 'a token id'), z.number()).optional(),
    logprobs: z.number().int().min(0).max(20).optional(),
    overflow: z.enum(['error', 'drop-oldest']).optional(),
    enableThinking: z.boolean().optional(),
    grammar: z
      .union([
        z.literal('off'),
        z.strictObject({ type: z.literal('regex'), pattern: z.string() }),
        z.strictObject({ type: z.literal('context-free'), grammar: z.string() }),
        z.strictObject({ type: z.literal('choice'), choices: z.array(z.string()).min(1) }),
      ])
      .optional(),
  })
  .strict();

export interface TriviumLanguageModelOptions {
  /** Tokens less likely than this share of the likeliest are never sampled; 0 to 1. */
  minP?: number | undefined;
  /**
   * Above 1 makes tokens of the prompt and of the text so far less likely (transformers' `repetition_penalty`); default: what
   * the model's file asks for, else 1, which is none.
   */
  repeatPenalty?: number | undefined;
  /** Added to the logits of tokens, by id of the model's own vocabulary: -100 all but forbids, 100 all but forces. */
  logitBias?: Record<string, number> | undefined;
  /** Log-probabilities of each chosen token and of the n best, in `providerMetadata.trivium.logprobs`. */
  logprobs?: number | undefined;
  /**
   * When the prompt does not fit the context: `'error'` (default), or `'drop-oldest'`: the oldest turns go, whole, each a user
   * message with all that answers it, and of the last one the oldest calls of tools with their results. System messages and
   * the last user message stay, and a warning says how many went. Nothing is ever cut silently.
   */
  overflow?: 'error' | 'drop-oldest' | undefined;
  /** `enable_thinking` of templates that know it; it goes before the `reasoning` setting of the call. */
  enableThinking?: boolean | undefined;
  /**
   * What the text of the answer may be, where neither `responseFormat` nor tools say it: a regular expression or a choice of
   * texts, or a context-free grammar in the notation of GBNF. `'off'`: nothing is held to a schema, neither JSON nor calls.
   * @example providerOptions: { trivium: { grammar: { type: 'choice', choices: ['yes', 'no'] } } }
   */
  grammar?:
    | 'off'
    | { type: 'regex'; pattern: string }
    | { type: 'context-free'; grammar: string }
    | { type: 'choice'; choices: string[] }
    | undefined;
}

export function parseTriviumOptions(given: unknown): TriviumLanguageModelOptions {
  const parsed = schema.safeParse(given ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = ['providerOptions', 'trivium', ...(issue?.path ?? [])].join('.');
  throw new TriviumError('invalid-argument', `${field}: ${issue?.message}`, { field });
}
