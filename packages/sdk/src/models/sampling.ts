/** How a call samples: what it says itself, then what the model's file asks for, then greedily. Knows no spec and no engine. */
import type { ModelInfo, SamplingDefaults } from '@trivium/native';

type Given = { readonly [Setting in keyof SamplingDefaults]: SamplingDefaults[Setting] | undefined };

/**
 * @example samplingOf(model.info, { temperature: 0 }); // greedy, and with the penalty of the file where it has one
 */
export function samplingOf(
  { sampling }: Pick<ModelInfo, 'sampling'>,
  given: Given,
): SamplingDefaults & { temperature: number } {
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  return { temperature: 0, ...sampling, ...(Object.fromEntries(said) as SamplingDefaults) };
}
