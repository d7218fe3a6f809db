/**
 * The prompts that a sentence-transformers model was trained with, before the texts that it embeds. Knows what files say of
 * them, no engine.
 */
import type { ModelInfo } from '@trivium/native';
import { TriviumError } from '@trivium/protocol';

type Prompts = Pick<ModelInfo, 'path' | 'prompts' | 'defaultPrompt'>;

/**
 * As `encode` of sentence-transformers has it: the prompt of that name, or else the model's default one.
 * @throws TriviumError `invalid-argument` for a name that the model does not have, with `field`
 */
export function promptOf(info: Prompts, name: string | undefined, field: string): string {
  const { prompts = {}, defaultPrompt } = info;
  const wanted = name ?? defaultPrompt;
  if (wanted === undefined) return '';
  if (Object.hasOwn(prompts, wanted)) return prompts[wanted]!;
  const known = Object.keys(prompts).map((one) => JSON.stringify(one));
  throw new TriviumError('invalid-argument', `The model has no prompt "${wanted}".`, {
    file: info.path,
    field,
    expected: known.join(', ') || 'no prompt',
    found: wanted,
    remedy: known.length > 0 ? 'Name one of those, or none.' : 'Leave it out: put your own before the texts.',
  });
}
