/**
 * The prompts that a sentence-transformers model was trained with, before the texts that it embeds. Knows what files say of
 * them, no engine.
 */
import type { ModelInfo } from '@trivium/native';
import { TriviumError } from '@trivium/protocol/errors';

type Prompts = Pick<ModelInfo, 'path' | 'prompts' | 'defaultPrompt' | 'poolsPrompts'>;

/**
 * As `encode` of sentence-transformers has it: the prompt of that name, or else the model's default one.
 * @throws TriviumError `invalid-argument` for a name that the model does not have, with `field`; `unsupported` for a model whose
 * vectors are made without the tokens of its prompts
 */
export function promptOf(info: Prompts, name: string | undefined, field: string): string {
  const { prompts = {}, defaultPrompt } = info;
  const wanted = name ?? defaultPrompt;
  if (wanted === undefined) return '';
  if (Object.hasOwn(prompts, wanted)) return pooled(info, wanted, prompts[wanted]!);
  const known = Object.keys(prompts).map((one) => JSON.stringify(one));
  throw new TriviumError('invalid-argument', `The model has no prompt "${wanted}".`, {
    file: info.path,
    field,
    expected: known.join(', ') || 'no prompt',
    found: wanted,
    remedy: known.length > 0 ? 'Name one of those, or none.' : 'Leave it out: put your own before the texts.',
  });
}

/** Names of prompts, the first that a model has: as `encode_query` and `encode_document` of sentence-transformers look for them. */
const promptsFor = { query: ['query'], passage: ['document', 'passage', 'corpus'] };

/**
 * Of a question, or of what may answer it; the model's default one where it has none for that.
 * @throws TriviumError `unsupported` as `promptOf`
 */
export function promptFor(info: Prompts, role: keyof typeof promptsFor): string {
  const name = promptsFor[role].find((one) => Object.hasOwn(info.prompts ?? {}, one));
  return promptOf(info, name, 'model');
}

function pooled({ path, poolsPrompts }: Prompts, name: string, prompt: string): string {
  if (prompt === '' || poolsPrompts !== false) return prompt;
  throw new TriviumError('unsupported', `Vectors without the tokens of the prompt "${name}" are not made.`, {
    file: path,
    field: '1_Pooling/config.json: include_prompt',
    expected: 'true',
    found: 'false',
    remedy: 'Embed with an empty prompt, or with another model.',
  });
}
