/**
 * The speed of a loaded model, by running it: prefill of 512 tokens, then 64 tokens written after them, in rounds over
 * other prompts each. Knows no files.
 */
import type { GenerateUsage, NativeModel } from '@trivium/native';
import { type contracts, TriviumError } from '@trivium/protocol';
import type { z } from 'zod';

export type SpeedMeasurement = z.output<typeof contracts.speedMeasurement>;

const decodedTokens = 64;
const rounds = 3;
/** Rounds end after so long, for a model that takes minutes each; one is always made. */
const patienceMs = 60_000;

/** Ids that nobody has asked for before: a cached prompt would cost nothing. */
function randomTokens(count: number, vocabularySize: number): Int32Array {
  // Special tokens and bytes tend to stand first.
  const first = Math.min(300, vocabularySize >> 1);
  return Int32Array.from(
    { length: count },
    () => first + Math.floor(Math.random() * (vocabularySize - first)),
  );
}

const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
const median = (values: readonly number[]) => sorted(values)[values.length >> 1]!;
const halfRange = (values: readonly number[]) =>
  (Math.max(...values) - Math.min(...values)) / 2 / median(values);

/**
 * @example await measureSpeed(await getEngine().loadModel('./model.gguf')) // { prefill: 256, decode: 27, … } tokens a second
 * @throws TriviumError of the engine; `unsupported` where the context holds too little; the abort reason
 */
export async function measureSpeed(
  model: Pick<NativeModel, 'info' | 'generate'>,
  signal?: AbortSignal,
): Promise<SpeedMeasurement> {
  const { contextTokens, vocabularySize, path } = model.info;
  const promptTokens = Math.min(512, contextTokens - decodedTokens - 1);
  if (promptTokens < decodedTokens) {
    throw new TriviumError(
      'unsupported',
      `A context of ${contextTokens} tokens is too short to measure in.`,
      {
        file: path,
        expected: `at least ${2 * decodedTokens + 1} tokens`,
        found: `${contextTokens} tokens`,
        remedy: 'Load the model with a longer context.',
      },
    );
  }
  const run = async (prompt: number, written: number): Promise<GenerateUsage> => {
    const tokens = randomTokens(prompt, vocabularySize);
    // No stop tokens: a random prompt may well be answered with an end.
    const request = { tokens, maxTokens: written, stopTokens: [], ...(signal && { signal }) };
    for await (const event of model.generate(request)) if (event.type === 'finish') return event.usage;
    throw new TriviumError('internal', 'The engine ended a generation without finishing it.');
  };
  // The first step finds nothing where it will lie.
  await run(16, 2);
  const usages: GenerateUsage[] = [];
  const started = performance.now();
  while (usages.length < rounds && (usages.length === 0 || performance.now() - started < patienceMs))
    usages.push(await run(promptTokens, decodedTokens + 1));
  const prefill = usages.map(({ prefillMs, inputTokens }) => (1000 * inputTokens) / prefillMs);
  const decode = usages.map(({ decodeMs, outputTokens }) => (1000 * (outputTokens - 1)) / decodeMs);
  return {
    prefill: median(prefill),
    decode: median(decode),
    promptTokens,
    decodedTokens,
    rounds: usages.length,
    uncertainty: Math.max(halfRange(prefill), halfRange(decode)),
  };
}
