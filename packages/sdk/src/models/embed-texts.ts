/** Texts as vectors, with the prompt before them that they are wanted with. Knows no provider and no surface. */
import type { EmbedOptions, NativeModel } from '@trivium/native';
import { promptOf } from './prompts.js';

export interface EmbedTextsOptions extends EmbedOptions {
  /** Name of one of the model's prompts, default: the one that its files name. */
  prompt?: string | undefined;
}

export interface EmbeddedTexts {
  embeddings: number[][];
  width: number;
  /** Those of prompts included. */
  tokens: number;
  /** Indices of texts that were cut. */
  truncated: number[];
}

/**
 * @param promptField what the caller calls `prompt`, for errors
 * @throws TriviumError `invalid-argument` for a prompt that the model does not have, and as `NativeModel.embed`
 */
export async function embedTexts(
  model: NativeModel,
  texts: readonly string[],
  { prompt, ...options }: EmbedTextsOptions,
  promptField: string,
): Promise<EmbeddedTexts> {
  const before = promptOf(model.info, prompt, promptField);
  const prompted = before === '' ? texts : texts.map((text) => before + text);
  const { embeddings, width, inputTokens, truncated } = await model.embed(prompted, options);
  const rowOf = (index: number) => Array.from(embeddings.subarray(index * width, (index + 1) * width));
  return { embeddings: texts.map((_, index) => rowOf(index)), width, tokens: inputTokens, truncated };
}
