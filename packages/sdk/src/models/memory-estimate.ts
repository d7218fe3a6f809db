/** What a model will take before it is loaded, and what the machine can give. Reads headers only. */
import { freemem, totalmem } from 'node:os';
import type { LoadModelOptions, NativeEngine } from '@trivium/native';

export interface MemoryEstimate {
  /** Weights once packed. */
  weightBytes: number;
  /** Keys and values of one sequence as long as the context, within what the engine allows itself. */
  kvBytes: number;
  totalBytes: number;
}

/**
 * @example await estimateMemory(getEngine(), './model.gguf', { contextTokens: 8192 })
 * @throws TriviumError of the engine: `not-found`, `bad-format`
 */
export async function estimateMemory(
  engine: Pick<NativeEngine, 'inspect'>,
  path: string,
  { contextTokens, kvMemoryBytes }: Pick<LoadModelOptions, 'contextTokens' | 'kvMemoryBytes'> = {},
): Promise<MemoryEstimate> {
  const model = await engine.inspect(path);
  // A model that is not supported has no size; loading it will say why.
  const weightBytes = model.weightBytes ?? 0;
  const context = Math.min(model.contextTokens ?? 0, contextTokens ?? Number.POSITIVE_INFINITY);
  // The engine's own rule: a quarter of the memory, unless a context or a bound was asked for.
  const bound = kvMemoryBytes ?? (contextTokens === undefined ? totalmem() / 4 : Number.POSITIVE_INFINITY);
  const kvBytes = Math.floor(Math.min((model.kvBytesPerToken ?? 0) * context, bound));
  return { weightBytes, kvBytes, totalBytes: weightBytes + kvBytes };
}

/** Bytes this process can still take, limits of containers included. */
export function availableMemoryBytes(): number {
  // Other systems count as taken what they would give up at once: only their whole says something.
  if (process.platform !== 'linux' && process.platform !== 'win32') return Math.floor(totalmem() * 0.75);
  const { availableMemory } = process as { availableMemory?: () => number };
  return availableMemory?.() ?? freemem();
}
