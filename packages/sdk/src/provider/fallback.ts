/**
 * Several language models as one: the first answers, the next ones step in where it fails before it has said anything, or
 * ends with the reason `error`. After the first piece of content of a stream nothing is switched, and a call that was aborted is
 * not tried elsewhere.
 */
import { APICallError } from '@ai-sdk/provider';
import { TriviumError } from '@trivium/protocol';
import { type AnyLanguageModel, assertLanguageModel } from '../base/ai-sdk.js';
import {
  type AnyCallOptions,
  type AnyGenerateResult,
  type AnyGivenOptions,
  type AnyPart,
  type AnyStreamResult,
  commonVersion,
  type ModelView,
  viewAs,
} from './any-language-model.js';
import { throwIfFailed } from './failed-answer.js';
import type { SpecificationVersion } from './specification.js';

export interface FallbackOptions<Version extends SpecificationVersion> {
  /** `'v3'` for `ai` 6, `'v4'` for `ai` 7; default: the newest version among the models. */
  specification?: Version;
}

type CommonVersion<Models extends readonly AnyLanguageModel[]> =
  'v4' extends Models[number]['specificationVersion'] ? 'v4' : 'v3';

interface Failure {
  provider: string;
  modelId: string;
  message: string;
  error: unknown;
}

/** Parts that say nothing yet: they are held back until it is certain which model answers. */
const silent = /^(stream-start|response-metadata|raw|(text|reasoning|tool-input)-(start|end))$/;
const isSilent = ({ type, delta }: AnyPart) => silent.test(type) || delta === '';

export class FallbackModel<Version extends SpecificationVersion = SpecificationVersion> {
  readonly specificationVersion: Version;
  readonly provider = 'trivium.fallback';
  readonly modelId: string;
  /** What every one of the models can fetch by itself is nothing we know before we know which one answers. */
  readonly supportedUrls: Record<string, RegExp[]> = {};
  readonly wrapped: AnyLanguageModel;
  readonly #views: readonly ModelView[];

  constructor(models: readonly AnyLanguageModel[], { specification }: FallbackOptions<Version> = {}) {
    if (models.length === 0) {
      throw new TriviumError('invalid-argument', 'fallback() needs a model.', {
        field: 'models',
        found: 'none',
        expected: 'at least one language model',
        remedy: 'Give it models in the order in which they shall be tried.',
      });
    }
    for (const [index, model] of models.entries()) assertLanguageModel(model, `models.${index}`);
    this.wrapped = models[0]!;
    this.specificationVersion = specification ?? (commonVersion(models) as Version);
    this.modelId = models.map(({ modelId }) => modelId).join(', ');
    this.#views = models.map((model) => viewAs(model, this.specificationVersion));
  }

  async doGenerate(options: AnyGivenOptions): Promise<AnyGenerateResult> {
    return this.#first(options, async (view, answered) => {
      const result = await view.generate(options);
      throwIfFailed(result);
      return { ...result, providerMetadata: answered(result.providerMetadata) };
    });
  }

  async doStream(options: AnyGivenOptions): Promise<AnyStreamResult> {
    return this.#first(options, async (view, answered) => {
      const result = await view.stream(options);
      const reader = result.stream.getReader();
      const head = await readHead(reader);
      return { ...result, stream: rest(head, reader, answered) };
    });
  }

  async #first<T>(
    { abortSignal }: AnyCallOptions,
    run: (view: ModelView, answered: (metadata: unknown) => Record<string, unknown>) => Promise<T>,
  ): Promise<T> {
    const failures: Failure[] = [];
    for (const [index, view] of this.#views.entries()) {
      abortSignal?.throwIfAborted();
      const { provider, modelId } = view.model;
      const failed = failures.map(({ error: _, ...told }) => told);
      const answered = (metadata: unknown) => {
        const given = (metadata ?? {}) as Record<string, Record<string, unknown>>;
        return { ...given, trivium: { ...given.trivium, answeredBy: { provider, modelId, index, failed } } };
      };
      try {
        return await run(view, answered);
      } catch (error) {
        if (abortSignal?.aborted || (error as { name?: string } | null)?.name === 'AbortError') throw error;
        failures.push({
          provider,
          modelId,
          message: (error as Error | null)?.message ?? String(error),
          error,
        });
      }
    }
    throw allFailed(failures);
  }
}

/** Reads up to the first part that says something. @throws what the model fails with before that */
async function readHead(reader: ReadableStreamDefaultReader<AnyPart>): Promise<AnyPart[]> {
  const head: AnyPart[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw new TriviumError('internal', 'The stream of the model ended without an answer.');
      if (value.type === 'error') throw value.error;
      throwIfFailed(value);
      head.push(value);
      if (!isSilent(value)) return head;
    }
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    throw error;
  }
}

function rest(
  head: AnyPart[],
  reader: ReadableStreamDefaultReader<AnyPart>,
  answered: (metadata: unknown) => Record<string, unknown>,
): ReadableStream<AnyPart> {
  return new ReadableStream<AnyPart>({
    async pull(controller) {
      const part = head.shift() ?? (await reader.read()).value;
      if (part === undefined) controller.close();
      else if (part.type === 'finish')
        controller.enqueue({ ...part, providerMetadata: answered(part.providerMetadata) });
      else controller.enqueue(part);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** One failure as it is; of several the AI SDK may retry the call where one of them invites to. */
function allFailed(failures: readonly Failure[]): unknown {
  const [first] = failures;
  if (failures.length === 1) return first!.error;
  const unavailable = new TriviumError(
    'unavailable',
    `None of ${failures.length} models answered: ${failures.map(({ modelId, message }) => `${modelId}: ${message}`).join('; ')}`,
    {
      field: 'models',
      found: failures.map(({ modelId }) => modelId).join(', '),
      remedy: 'The cause holds what each of them failed with.',
      cause: new AggregateError(failures.map(({ error }) => error)),
    },
  );
  const retryable = failures.find(({ error }) => APICallError.isInstance(error) && error.isRetryable)?.error;
  if (!APICallError.isInstance(retryable)) return unavailable;
  return new APICallError({
    message: unavailable.message,
    url: retryable.url,
    requestBodyValues: {},
    isRetryable: true,
    cause: unavailable,
    ...(retryable.statusCode !== undefined && { statusCode: retryable.statusCode }),
  });
}

/**
 * @example
 * const model = fallback([openai('gpt-5'), trivium('hf:org/repo:Q4_K_M')]);
 * const { text, providerMetadata } = await generateText({ model, prompt: 'Hello' });
 * providerMetadata?.trivium?.answeredBy; // { provider, modelId, index, failed: [{ provider, modelId, message }] }
 * @throws TriviumError `invalid-argument` without models and for what is none, `unsupported` for models of an unknown
 * specification; a call in which every model fails throws `unavailable`, or a retryable `APICallError` where one of them was
 * retryable
 */
export function fallback<const Models extends readonly AnyLanguageModel[]>(
  models: Models,
  options?: FallbackOptions<never>,
): FallbackModel<CommonVersion<Models>>;
export function fallback<Version extends SpecificationVersion>(
  models: readonly AnyLanguageModel[],
  options: FallbackOptions<Version>,
): FallbackModel<Version>;
export function fallback(
  models: readonly AnyLanguageModel[],
  options?: FallbackOptions<SpecificationVersion>,
): FallbackModel {
  return new FallbackModel(models, options);
}
