/** Where a generation ends: by the ids that a GGUF file names, and by the special tokens that llama.cpp knows. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { getEngine } from '../lib/index.js';
import { stopTokensOfGguf } from '../lib/stop-tokens.js';
import type { Tokenizer } from '../lib/types.js';

/** Special tokens and others, their places their ids. */
function tokenizerOf(special: string[], others: string[] = []): Tokenizer {
  const tokens = [...special, ...others];
  const idOf = (text: string) => (tokens.includes(text) ? tokens.indexOf(text) : undefined);
  return { vocabularySize: tokens.length, specialTokens: special, idOf } as unknown as Tokenizer;
}

describe('of a GGUF file', () => {
  test('all ends are read that it names, those outside of its vocabulary left out', () => {
    const metadata = {
      'tokenizer.ggml.eos_token_id': 1,
      'tokenizer.ggml.eot_token_id': 2,
      'tokenizer.ggml.eom_token_id': 3,
      'tokenizer.ggml.fim_sep_token_id': 1,
      'tokenizer.ggml.fim_pad_token_id': 9,
      'tokenizer.ggml.bos_token_id': 0,
    };
    expect(stopTokensOfGguf(metadata, tokenizerOf(['a', 'b', 'c', 'd']))).toEqual([1, 2, 3]);
  });

  test('known ends are found where they are special, and nowhere else', () => {
    const llama = tokenizerOf(['<|begin_of_text|>', '<|end_of_text|>', '<|eot_id|>', '<|eom_id|>']);
    expect(stopTokensOfGguf({ 'tokenizer.ggml.eos_token_id': 2 }, llama).sort()).toEqual([1, 2, 3]);
    expect(stopTokensOfGguf({}, tokenizerOf(['<|im_start|>'], ['</s>', '<|im_end|>']))).toEqual([]);
  });

  test('<|end|> ends a turn of Phi, and a message of Harmony', () => {
    expect(stopTokensOfGguf({}, tokenizerOf(['<|user|>', '<|end|>']))).toEqual([1]);
    const harmony = tokenizerOf(['<|end|>', '<|return|>', '<|call|>', '<|message|>']);
    expect(stopTokensOfGguf({}, harmony)).toEqual([1, 2]);
  });
});

test('a generation ends at one that the file does not name', async () => {
  const language = fileURLToPath(new URL('../../nano/models/language.gguf', import.meta.url));
  await using model = await getEngine().loadModel(language);
  const end = model.tokenizer.idOf('<|endoftext|>')!;
  expect(model.info.eosToken).not.toBe('<|endoftext|>');
  const written = [];
  const bias = { [end]: 1000 };
  for await (const event of model.generate({ tokens: [5, 6], maxTokens: 4, logitBias: bias })) {
    if (event.type === 'token') written.push(event.id);
    if (event.type === 'finish') expect(event.reason).toBe('stop');
  }
  expect(written).toEqual([end]);
});
