/**
 * What all of us need of the AI SDK: its language models, by what every version of them has, and the package `ai`, which is
 * an optional peer and calls them.
 */
import { TriviumError } from '@trivium/protocol';

/** What V2, V3 and V4 language models share. */
export interface AnyLanguageModel {
  readonly specificationVersion: string;
  readonly provider: string;
  readonly modelId: string;
  // biome-ignore lint/suspicious/noExplicitAny: models of several specification versions
  readonly supportedUrls?: any;
  // biome-ignore lint/suspicious/noExplicitAny: models of several specification versions
  doGenerate(options: any): PromiseLike<any>;
  // biome-ignore lint/suspicious/noExplicitAny: models of several specification versions
  doStream(options: any): PromiseLike<{ stream: ReadableStream<any>; [key: string]: any }>;
}

/** A model over others, as `fallback` and `record` make them. */
export interface WrappingModel extends AnyLanguageModel {
  /** The one that is asked first. */
  readonly wrapped: AnyLanguageModel;
}

/**
 * A string is no model here: `ai` takes it for one of a hosted gateway, and would send the documents there.
 * @param field as the caller named it
 * @throws TriviumError `invalid-argument` for what is no model object
 */
export function assertLanguageModel(model: unknown, field: string): asserts model is AnyLanguageModel {
  const { doGenerate, doStream } = (model ?? {}) as Partial<AnyLanguageModel>;
  if (typeof doGenerate === 'function' && typeof doStream === 'function') return;
  throw new TriviumError('invalid-argument', `${field} is no language model of the AI SDK.`, {
    field,
    expected: 'a model object',
    found: typeof model === 'string' ? JSON.stringify(model) : typeof model,
    remedy: "Make one of a reference with createTrivium()('nano'), or take one of another provider.",
  });
}

/** @throws TriviumError `unavailable` where `ai` is not installed, or does not load */
export async function loadAi(): Promise<typeof import('ai')> {
  try {
    return await import('ai');
  } catch (cause) {
    throw new TriviumError('unavailable', 'The AI SDK, the package ai, cannot be loaded.', {
      expected: 'ai 6, or ai 7 on Node 22 and newer',
      found: cause instanceof Error ? cause.message : String(cause),
      remedy: 'npm install ai@6',
      cause,
    });
  }
}
