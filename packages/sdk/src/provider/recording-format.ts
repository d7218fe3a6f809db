/**
 * The lines of a recording, as JSON: what a model was asked and what it answered, with dates, bytes, addresses, patterns and
 * errors kept as what they are. A call is found again by a hash of its options that no order of keys and no signal changes.
 */
import { createHash } from 'node:crypto';
import { APICallError } from '@ai-sdk/provider';
import { TriviumError, type TriviumErrorCode, triviumErrorCodes } from '@trivium/protocol';
import { z } from 'zod';
import type { AnyCallOptions } from './any-language-model.js';

const call = z.number().int().min(0);

export const recordingLine = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('recording'),
    version: z.literal(1),
    specificationVersion: z.enum(['v2', 'v3', 'v4']),
    provider: z.string(),
    modelId: z.string(),
    supportedUrls: z.record(z.string(), z.unknown()).optional(),
  }),
  z.object({
    type: z.literal('call'),
    call,
    method: z.enum(['generate', 'stream']),
    hash: z.string(),
    options: z.unknown(),
  }),
  z.object({ type: z.literal('result'), call, result: z.unknown() }),
  z.object({ type: z.literal('part'), call, part: z.unknown() }),
  /** The stream came to its end. */
  z.object({ type: z.literal('end'), call }),
  /** The caller gave up: what follows was never heard. */
  z.object({ type: z.literal('stopped'), call }),
  z.object({ type: z.literal('failed'), call, error: z.unknown() }),
]);
export type RecordingLine = z.output<typeof recordingLine>;

/** What makes no difference to the answer, or must not be written down. */
const left = new Set(['abortSignal', 'headers']);

const isPlain = (value: object) =>
  [Object.prototype, null].includes(Object.getPrototypeOf(value) as typeof Object.prototype | null);

/** A value as JSON can hold it; keys in one order. */
export function toPlain(value: unknown): unknown {
  if (value === undefined || typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value === 'bigint') return { $bigint: String(value) };
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Date) return { $date: value.toISOString() };
  if (value instanceof URL) return { $url: value.href };
  if (value instanceof RegExp) return { $regexp: [value.source, value.flags] };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  if (value instanceof Error) return { $error: errorToPlain(value) };
  if (Array.isArray(value)) return value.map((item) => toPlain(item) ?? null);
  const entries = Object.entries(value)
    .map(([key, item]) => [key, toPlain(item)] as const)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const plain = Object.fromEntries(entries);
  // A key of the user's that looks like one of ours is wrapped.
  const [only] = entries;
  return isPlain(value) && entries.length === 1 && only![0].startsWith('$') ? { $object: plain } : plain;
}

export function fromPlain(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(fromPlain);
  const entries = Object.entries(value);
  const [key, given] = entries.length === 1 ? entries[0]! : ['', undefined];
  if (key === '$bigint') return BigInt(String(given));
  if (key === '$date') return new Date(String(given));
  if (key === '$url') return new URL(String(given));
  if (key === '$regexp') return new RegExp(...(given as [source: string, flags: string]));
  if (key === '$bytes') return new Uint8Array(Buffer.from(String(given), 'base64'));
  if (key === '$error') return errorFromPlain(given as Record<string, unknown>);
  const inside = key === '$object' ? Object.entries(given as object) : entries;
  return Object.fromEntries(inside.map(([name, item]) => [name, fromPlain(item)]));
}

function errorToPlain(error: Error): Record<string, unknown> {
  if (TriviumError.isInstance(error)) return { ...error.toJSON(), name: error.name };
  const { name, message } = error;
  if (!APICallError.isInstance(error)) return { name, message };
  const { url, statusCode, isRetryable, responseBody } = error;
  return { name, message, url, statusCode, isRetryable, responseBody };
}

function errorFromPlain(plain: Record<string, unknown>): Error {
  const { name, message, code, ...details } = plain as Record<string, never> & {
    name: string;
    message: string;
    code?: TriviumErrorCode;
  };
  if (code !== undefined && triviumErrorCodes.includes(code)) return new TriviumError(code, message, details);
  if (name === 'AI_APICallError')
    return new APICallError({ message, requestBodyValues: {}, ...(details as unknown as { url: string }) });
  return Object.assign(new Error(message), { name });
}

/** The options of a call as they are written down. */
export function plainOptions(options: AnyCallOptions): unknown {
  return toPlain(Object.fromEntries(Object.entries(options).filter(([key]) => !left.has(key))));
}

/** @param options as {@link plainOptions} gives them */
export function hashCall(method: 'generate' | 'stream', options: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify([method, options]))
    .digest('hex')
    .slice(0, 32);
}
