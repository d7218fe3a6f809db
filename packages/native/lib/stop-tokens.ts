/**
 * Tokens that end a generation: what the files name, and in a GGUF file, which names one or two of several, the special tokens
 * by whose texts llama.cpp goes. A Hugging Face folder says it whole, in generation_config.json.
 */
import type { Tokenizer } from './types.js';

type Metadata = Readonly<Record<string, unknown>>;

/** Keys `tokenizer.ggml.*_token_id` of ends of the text, of a turn, of a message, and of a file in code. */
const namedEnds = ['eos', 'eot', 'eom', 'fim_pad', 'fim_rep', 'fim_sep'];

/** Texts that end a generation wherever they are special tokens, as in llama.cpp's vocabulary. */
const knownEnds = [
  '</s>',
  '<eos>',
  '[EOS]',
  '<|endoftext|>',
  '<|end_of_text|>',
  '<｜end▁of▁sentence｜>',
  '<|im_end|>',
  '<|eot_id|>',
  '<|eom_id|>',
  '<|end|>',
  '<|return|>',
  '<|call|>',
  '<EOT>',
  '_<EOT>',
  '[EOT]',
  '<end_of_turn>',
  '<end_of_utterance>',
  '<|fim_pad|>',
  '<fim-pad>',
  '<fim_pad>',
  '<|repo_name|>',
  '<reponame>',
  '<|file_sep|>',
];

/** Ids inside of the vocabulary, each once. */
export function stopTokensOfGguf(metadata: Metadata, tokenizer: Tokenizer): number[] {
  const special = new Set(tokenizer.specialTokens);
  // In Harmony <|end|> ends a message, and the answer goes on with the next one.
  const isHarmony = special.has('<|return|>') && special.has('<|call|>');
  const known = knownEnds.filter((text) => special.has(text) && !(isHarmony && text === '<|end|>'));
  const named = namedEnds.map((name) => metadata[`tokenizer.ggml.${name}_token_id`]);
  return insideOf(tokenizer, [...named, ...known.map((text) => tokenizer.idOf(text))]);
}

export function insideOf({ vocabularySize }: Tokenizer, ids: readonly unknown[]): number[] {
  const isInside = (id: unknown): id is number =>
    Number.isInteger(id) && (id as number) >= 0 && (id as number) < vocabularySize;
  return [...new Set(ids.filter(isInside))];
}
