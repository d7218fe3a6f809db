/** How fast a model will be here before it is loaded, from the engine's rehearsal of a slice of it. */
import type { NativeEngine } from '@trivium/native';
import type { contracts } from '@trivium/protocol';
import type { z } from 'zod';

export type SpeedEstimate = z.output<typeof contracts.speedEstimate>;

/** What the estimates of apps/bench/speed-estimates.mjs stay within where the machine is otherwise idle. */
const knownUncertainty = 0.3;

/**
 * @example await estimateSpeed(getEngine(), './model.gguf') // { prefill: 240, decode: 27, … } tokens a second
 * @throws TriviumError `unsupported` for models that write no text; what inspecting throws; the abort reason
 */
export async function estimateSpeed(
  engine: Pick<NativeEngine, 'rehearse'>,
  path: string,
  options?: { signal?: AbortSignal },
): Promise<SpeedEstimate> {
  const { prefillMs, decodeMs, pairMs, weightBytes, spread } = await engine.rehearse(path, options);
  return {
    prefill: 1000 / prefillMs,
    decode: 1000 / decodeMs,
    promptTokens: 512,
    // A machine that was busy while it was asked will be busy or not while it runs.
    uncertainty: Math.max(knownUncertainty, 2 * spread),
    decodeLimit: pairMs < 1.5 * decodeMs ? 'memory' : 'arithmetic',
    weightBytesPerToken: weightBytes,
    weightBytesPerSecond: (1000 * weightBytes) / decodeMs,
  };
}
