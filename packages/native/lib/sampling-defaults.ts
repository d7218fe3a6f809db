/**
 * How the makers of a model would have it sampled: the keys `general.sampling.*` of a GGUF file, as llama.cpp knows them.
 * Values that mean nothing are left out, so that no file can break a call. Nothing here is applied: the SDK does that.
 */
import type { SamplingDefaults } from './types.js';

type Metadata = Readonly<Record<string, unknown>>;

/** @returns `undefined` where the file says nothing */
export function samplingDefaultsOf(metadata: Metadata): SamplingDefaults | undefined {
  const read = (key: string, isFit: (value: number) => boolean) => {
    const value = metadata[`general.sampling.${key}`];
    // Files hold 32-bit floats: 1.1 is not 1.10000002384.
    const known = typeof value === 'number' ? Number(value.toPrecision(7)) : undefined;
    return known !== undefined && Number.isFinite(known) && isFit(known) ? known : undefined;
  };
  const temperature = read('temp', (value) => value >= 0);
  const topK = read('top_k', (value) => Number.isInteger(value) && value >= 0);
  const topP = read('top_p', (value) => value > 0 && value <= 1);
  const minP = read('min_p', (value) => value >= 0 && value <= 1);
  // A window of no tokens switches the penalty off; longer ones are not told apart: ours looks at the whole text.
  const isOff = metadata['general.sampling.penalty_last_n'] === 0;
  const repeatPenalty = isOff ? undefined : read('penalty_repeat', (value) => value > 0);
  const defaults = { temperature, topK, topP, minP, repeatPenalty };
  const given = Object.entries(defaults).filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : (Object.fromEntries(given) as SamplingDefaults);
}
