/**
 * Settings that OpenAI's endpoints share, as schemas, and what a model is told of them. What cannot be done is refused by
 * its name; fields that change no answer (`user`, `metadata`) are let pass.
 */
import { TriviumError } from '@trivium/protocol';
import { z } from 'zod';
import type { ServedLanguageModel } from '../served-models.js';

/** JSON in which `null` says the same as a field that is left out. */
export const optional = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? undefined);

export const samplingFields = {
  temperature: optional(z.number().min(0).max(2)),
  top_p: optional(z.number().gt(0).lte(1)),
  top_k: optional(z.number().int().min(0)).describe('Extension: only the k likeliest tokens.'),
  min_p: optional(z.number().min(0).max(1)).describe(
    'Extension: tokens at least this share as likely as the likeliest.',
  ),
  presence_penalty: optional(z.number().min(-2).max(2)),
  frequency_penalty: optional(z.number().min(-2).max(2)),
  repetition_penalty: optional(z.number().min(0.01).max(100)).describe(
    'Extension: as in transformers, 1 for none.',
  ),
  seed: optional(z.number().int()),
  logit_bias: optional(z.record(z.string(), z.number())),
};

/** As the engine has it: of all sequences together, in UTF-8. */
const mostStopBytes = 4096;

export const stopField = optional(
  z
    .union([z.string(), z.array(z.string()).max(16)])
    .refine((stop) => Buffer.byteLength([stop].flat().join('')) <= mostStopBytes, {
      error: `More than ${mostStopBytes} bytes.`,
    }),
).describe(`Up to 16 sequences, of ${mostStopBytes} bytes together.`);

/** An empty sequence asks for nothing, as an empty list does. */
export function stopsOf(stop: string | string[] = []): string[] | undefined {
  const stops = [stop].flat().filter((sequence) => sequence !== '');
  return stops.length > 0 ? stops : undefined;
}

interface Sampling {
  temperature?: number | undefined;
  top_p?: number | undefined;
  top_k?: number | undefined;
  min_p?: number | undefined;
  presence_penalty?: number | undefined;
  frequency_penalty?: number | undefined;
  repetition_penalty?: number | undefined;
  seed?: number | undefined;
  logit_bias?: Record<string, number> | undefined;
}

/** Fields of the AI SDK's call, with what only our models know beside them. */
export function samplingOf(sampling: Sampling, more: Record<string, unknown> = {}) {
  const { min_p: minP, repetition_penalty: repeatPenalty, logit_bias: logitBias } = sampling;
  const own = given({ minP, repeatPenalty, logitBias, ...more });
  return {
    ...given({
      temperature: sampling.temperature,
      topP: sampling.top_p,
      topK: sampling.top_k,
      presencePenalty: sampling.presence_penalty,
      frequencyPenalty: sampling.frequency_penalty,
      seed: sampling.seed,
    }),
    ...(Object.keys(own).length > 0 && { providerOptions: { trivium: own } }),
  };
}

/** The fields that have a value. */
export function given<T extends object>(fields: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof T]?: Exclude<T[Key], undefined> };
}

/** @throws TriviumError `unsupported` naming the field */
export function refuse(field: string, message: string, remedy: string, found?: string): never {
  throw new TriviumError('unsupported', message, { field, remedy, ...(found !== undefined && { found }) });
}

/**
 * Refuses each field that has a value which would change the answer.
 * @param here where it is not supported, and what to do, where that is not everywhere
 * @throws TriviumError `unsupported`
 */
export function refuseFields(
  body: Record<string, unknown>,
  refused: Record<string, (value: never) => boolean>,
  here = { where: '', remedy: 'Leave it out.' },
): void {
  for (const [field, isRefused] of Object.entries(refused)) {
    const value = body[field];
    if (value === undefined || value === null || !isRefused(value as never)) continue;
    const found = JSON.stringify(value)?.slice(0, 100);
    refuse(field, `${field} is not supported${here.where}.`, here.remedy, found);
  }
}

/**
 * Refuses what models of other providers are not told: it travels in `providerOptions.trivium`, which they do not read.
 * @throws TriviumError `unsupported` naming the field
 */
export function refuseOfOthers(body: Record<string, unknown>, { id, forUi }: ServedLanguageModel): void {
  // Options are under the provider's name before its first dot, as everywhere in the AI SDK.
  if (forUi.provider.split('.')[0] === 'trivium') return;
  refuseFields(
    body,
    {
      min_p: (share: number) => share !== 0,
      repetition_penalty: (penalty: number) => penalty !== 1,
      logit_bias: (bias: object) => Object.keys(bias).length > 0,
      logprobs: (wanted: boolean | number) => wanted !== false,
    },
    { where: ` by the model "${id}"`, remedy: 'Leave it out, or name a model of ours: nano, a path, hf:.' },
  );
}
