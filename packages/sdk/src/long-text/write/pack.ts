/**
 * Packs passages or notes into groups whose rendered text fits a number of tokens, counted as a whole: the sum of parts
 * only proposes, for tokens are not additive. Refuses to know: prompts, models.
 */
import { TriviumError } from '@trivium/protocol';
import type { ModelMeasures } from '../model-measures.js';
import { passagesText } from '../prompts.js';
import type { Passage } from './passages.js';

/** What a summary is written from: a passage with its number, or a note whose text holds the numbers. */
export type Material = Passage | { text: string };

export const materialText = (items: readonly Material[]) =>
  items.map((item) => ('number' in item ? passagesText([item]) : item.text.trim())).join('\n\n');

/**
 * Groups in order, each of at most `tokens`.
 * @throws TriviumError `context-overflow` where one item alone does not fit.
 */
export async function packMaterial<Item extends Material>(
  items: readonly Item[],
  tokens: number,
  { countTokens, longerContext }: ModelMeasures,
): Promise<Item[][]> {
  const sizes: number[] = [];
  for (const item of items) sizes.push(await countTokens(`${materialText([item])}\n\n`));
  const groups: Item[][] = [];
  let at = 0;
  while (at < items.length) {
    let end = at;
    let used = 0;
    while (end < items.length && used + sizes[end]! <= tokens) used += sizes[end++]!;
    end = Math.max(end, at + 1);
    let counted = await countTokens(materialText(items.slice(at, end)));
    while (counted > tokens && end > at + 1) {
      end -= 1;
      counted = await countTokens(materialText(items.slice(at, end)));
    }
    if (counted > tokens) {
      throw new TriviumError('context-overflow', `A passage of ${counted} tokens does not fit the model.`, {
        field: 'contextTokens',
        expected: `room for ${counted} tokens beside the instruction and the answer`,
        found: String(Math.max(0, Math.floor(tokens))),
        remedy: `${longerContext}, or a shorter instruction.`,
      });
    }
    groups.push(items.slice(at, end));
    at = end;
  }
  return groups;
}
