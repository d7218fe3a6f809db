/** `providerOptions.trivium` of calls of our models: what the specification has no word for. */
import { TriviumError } from '@trivium/protocol';
import { z } from 'zod';
import type { CallWarning } from './specification.js';

const languageOptions = z
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
  /** Log-probabilities of each chosen token and of the n best, in `providerMetadata.trivium.logprobs` ({@link TokenLogprob}). */
  logprobs?: number | undefined;
  /**
   * When the prompt does not fit the context: `'error'` (default), or `'drop-oldest'`: the oldest turns go, whole, each a user
   * message with all that answers it, and of the last one the oldest calls of tools with their results, until the answer has room
   * too: `maxOutputTokens`, else a quarter of the context, and never more than half of it. System messages and the last user
   * message stay, and a warning says how many went. Nothing is ever cut silently.
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

export interface TriviumRerankingModelOptions {
  /**
   * When the query with a document does not fit the context: `'error'` (default), or `'truncate'`: the document is cut, and a
   * warning says so. The reranking model of `nano` reads long documents in pieces, and cuts none.
   */
  overflow?: 'error' | 'truncate' | undefined;
}

export interface TriviumEmbeddingModelOptions {
  /** When a text does not fit the context: `'error'` (default), or `'truncate'`: it is cut, and a warning says so. */
  overflow?: 'error' | 'truncate' | undefined;
  /**
   * Name of a prompt of a sentence-transformers model, which is put before each text; default: the one that its files name.
   * @example providerOptions: { trivium: { prompt: 'query' } }
   */
  prompt?: string | undefined;
}

const rerankingOptions = z.object({ overflow: z.enum(['error', 'truncate']).optional() });
const embeddingOptions = rerankingOptions.extend({ prompt: z.string().optional() });

/** @throws TriviumError `invalid-argument` for options that are unknown, or other than they may be */
export function parseTriviumOptions(given: unknown): TriviumLanguageModelOptions {
  return parsed(languageOptions, given);
}

/** @throws TriviumError `invalid-argument` for options that are other than they may be */
export const parseEmbeddingOptions = (given: unknown) =>
  known<TriviumEmbeddingModelOptions>(embeddingOptions, given);

/** @throws TriviumError `invalid-argument` for options that are other than they may be */
export const parseRerankingOptions = (given: unknown) =>
  known<TriviumRerankingModelOptions>(rerankingOptions, given);

/** Those of another kind of model, and unknown ones, are warnings. */
function known<Options>(
  schema: z.ZodObject & z.ZodType<Options>,
  given: unknown,
): { options: Options; warnings: CallWarning[] } {
  const unknown = Object.keys(given ?? {}).filter((name) => !Object.hasOwn(schema.shape, name));
  return {
    options: parsed(schema, given),
    warnings: unknown.map((name) => ({ type: 'unsupported', feature: `providerOptions.trivium.${name}` })),
  };
}

function parsed<Options>(schema: z.ZodType<Options>, given: unknown): Options {
  const result = schema.safeParse(given ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = ['providerOptions', 'trivium', ...(issue?.path ?? [])].join('.');
  throw new TriviumError('invalid-argument', `${field}: ${issue?.message}`, { field });
}

/** What a call says that cut some of its texts, as it was told to. @param indices of those that were cut */
export function cutWarnings(name: string, indices: readonly number[], contextTokens: number): CallWarning[] {
  return warningsOf(indices, `Of the ${name} some were cut to the ${contextTokens} tokens of the context`);
}

/** What a call says of texts that have no tokens: their vectors are zeros, and there is no cosine with those. */
export const emptyWarnings = (indices: readonly number[]): CallWarning[] =>
  warningsOf(indices, 'Of the texts some are empty and have zeros for a vector');

function warningsOf(indices: readonly number[], fact: string): CallWarning[] {
  if (indices.length === 0) return [];
  const shown = indices.length > 10 ? `${indices.slice(0, 10).join(', ')}, …` : indices.join(', ');
  return [{ type: 'other', message: `${fact}, by index: ${shown}.` }];
}
