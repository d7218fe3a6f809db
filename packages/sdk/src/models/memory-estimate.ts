/** What a model will take before it is loaded, and what the machine can give. Reads headers only. */
import { freemem, totalmem } from 'node:os';
import type { InspectedTensor, LoadModelOptions, LoadQuantization, NativeEngine } from '@trivium/native';
import { TriviumError } from '@trivium/protocol';

/** Tokens of a page of keys and values, the least that the engine takes at once. */
const pageTokens = 64;

/** What the engine decodes at once where nothing else is asked for. */
const defaultSequences = 16;

export interface MemoryEstimate {
  /** Weights once packed. */
  weightBytes: number;
  /** Keys and values of one sequence as long as the context, within what the engine allows itself. */
  kvBytes: number;
  /** Weights, and keys and values of that one sequence: what a model is admitted for. */
  totalBytes: number;
  /** Keys and values of all sequences, where `kvMemoryBytes` allows them more than those of one. */
  mostKvBytes: number;
}

/**
 * @example await estimateMemory(getEngine(), './model.gguf', { contextTokens: 8192 })
 * @throws TriviumError `invalid-argument` for a type that `kvType` or `quantize` does not know; of the engine: `not-found`, `bad-format`
 */
export async function estimateMemory(
  engine: Pick<NativeEngine, 'inspect'>,
  path: string,
  {
    contextTokens,
    kvMemoryBytes,
    kvType,
    maxSequences = defaultSequences,
    quantize,
  }: Pick<LoadModelOptions, 'contextTokens' | 'kvMemoryBytes' | 'kvType' | 'maxSequences' | 'quantize'> = {},
): Promise<MemoryEstimate> {
  const kvBits = kvType && bitsOf('kvType', bitsOfValue, kvType);
  const weightBits = quantize && bitsOf('quantize', bitsOfWeight, quantize);
  const model = await engine.inspect(path);
  // A model that is not supported has no size; loading it will say why.
  const weightBytes = Math.max(
    0,
    (model.weightBytes ?? 0) - (weightBits ? savedBytes(model.tensors, weightBits) : 0),
  );
  const tokens = Math.min(model.contextTokens ?? 0, contextTokens ?? Number.POSITIVE_INFINITY);
  const context = Math.ceil(tokens / pageTokens) * pageTokens;
  // The engine's own rule: a quarter of the memory, unless a context or a bound was asked for.
  const bound =
    kvMemoryBytes ?? (contextTokens === undefined ? wholeMemoryBytes() / 4 : Number.POSITIVE_INFINITY);
  const kvShare = kvBits ? kvBits / bitsOfValue[model.kvType ?? 'f16'] : 1;
  const contextBytes = (model.kvBytesPerToken ?? 0) * kvShare * context;
  const kvBytes = Math.floor(Math.min(contextBytes, bound));
  const mostKvBytes =
    kvMemoryBytes === undefined ? kvBytes : Math.floor(Math.min(contextBytes * maxSequences, kvMemoryBytes));
  return { weightBytes, kvBytes, totalBytes: weightBytes + kvBytes, mostKvBytes };
}

const bitsOfValue = { q8_0: 8.5, f16: 16, f32: 32 };

const bitsOfWeight: Record<LoadQuantization, number> = {
  q8_0: 8.5,
  q6_k: 6.5625,
  q5_k: 5.5,
  q4_k: 4.5,
  q4_0: 4.5,
};

function bitsOf<Type extends string>(
  field: string,
  bits: Readonly<Record<Type, number>>,
  type: Type,
): number {
  if (Object.hasOwn(bits, type)) return bits[type];
  throw new TriviumError('invalid-argument', `${field} knows no type "${type}".`, {
    field,
    expected: Object.keys(bits).join(', '),
    found: String(type),
    remedy: "Leave it out for the model's own.",
  });
}

/** What quantizing while loading takes off plain matrices; an estimate, for a token table may keep more bits. */
function savedBytes(tensors: readonly InspectedTensor[], weightBits: number): number {
  return tensors
    .filter(({ dtype, shape }) => ['F32', 'F16', 'BF16'].includes(dtype) && shape.length === 2)
    .reduce((sum, { bytes, shape }) => sum + bytes - (shape[0]! * shape[1]! * weightBits) / 8, 0);
}

/** Of the machine, or of the container where that has less. */
function wholeMemoryBytes(): number {
  const { constrainedMemory } = process as { constrainedMemory?: () => number | undefined };
  return Math.min(totalmem(), constrainedMemory?.() || Number.POSITIVE_INFINITY);
}

/** Bytes this process can still take, limits of containers included. */
export function availableMemoryBytes(): number {
  // Other systems count as taken what they would give up at once: only their whole says something.
  if (process.platform !== 'linux' && process.platform !== 'win32') return Math.floor(totalmem() * 0.75);
  const { availableMemory } = process as { availableMemory?: () => number };
  return availableMemory?.() ?? freemem();
}
