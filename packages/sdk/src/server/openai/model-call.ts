/**
 * One call of a language model as OpenAI's endpoints see it: parts as they come, tokens counted, warnings kept. A failure
 * before the first piece is thrown, so that it has a status; a later one ends the parts. Knows no HTTP.
 */
import type { AnyCallOptions, AnyPart } from '../../provider/any-language-model.js';
import { throwIfFailed } from '../../provider/failed-answer.js';
import type { TokenLogprob } from '../../provider/token-logprobs.js';
import { warningSentences } from '../model-warnings.js';
import type { ServedLanguageModel } from '../served-models.js';
import type { ServerContext } from '../server-context.js';
import { failInOpenaiNames, type RouteWords } from './field-names.js';

interface Counted {
  total?: number;
  cacheRead?: number;
  reasoning?: number;
}

export interface CallUsage {
  input: number;
  cached: number;
  output: number;
  reasoning: number;
}

export interface CallEnd {
  finishReason: string;
  usage: CallUsage;
  logprobs: TokenLogprob[];
}

/** What came of a whole call. */
export interface WholeAnswer extends CallEnd {
  content: AnyPart[];
  warnings: string[];
}

interface CallContext {
  metrics: ServerContext['metrics'];
  /** How its route speaks of what the model refuses. */
  words: RouteWords;
}

export async function generateWhole(
  model: ServedLanguageModel,
  options: AnyCallOptions,
  { metrics, words }: CallContext,
): Promise<WholeAnswer> {
  const result = await model.view.generate(options).catch((error) => failInOpenaiNames(error, words));
  const end = endOf(result, model.id, metrics);
  throwIfFailed(result);
  return { ...end, content: result.content, warnings: warningSentences(result.warnings) };
}

export interface StreamedAnswer {
  /** Pieces; ends with `finish`, whose end is in `end`. Throws what the model throws. */
  parts: AsyncGenerator<AnyPart, void, void>;
  warnings: string[];
  /** Known once the parts have ended. */
  end: () => CallEnd | undefined;
}

/** Reads up to the first piece, and then as the reader wants more; a reader that leaves cancels the model's stream. */
export async function generateStream(
  model: ServedLanguageModel,
  options: AnyCallOptions,
  { metrics, words }: CallContext,
): Promise<StreamedAnswer> {
  const started = performance.now();
  const { stream } = await model.view.stream(options).catch((error) => failInOpenaiNames(error, words));
  const reader = stream.getReader();
  const warnings: string[] = [];
  let first: AnyPart | undefined;
  try {
    first = await firstPiece(reader, warnings);
  } catch (error) {
    await reader.cancel().catch(() => {});
    failInOpenaiNames(error, words);
  }
  metrics.firstToken(performance.now() - started);
  let end: CallEnd | undefined;
  async function* read(): AsyncGenerator<AnyPart, void, void> {
    try {
      for (let part = first; part !== undefined; part = (await reader.read()).value) {
        if (part.type === 'error') throw part.error;
        if (part.type === 'finish') {
          end = endOf(part, model.id, metrics);
          throwIfFailed(part);
        } else yield part;
      }
      options.abortSignal?.throwIfAborted();
      if (!end) throw new Error('the model ended its stream without finishing it');
    } finally {
      await reader.cancel().catch(() => {});
    }
  }
  return { parts: read(), warnings, end: () => end };
}

/** Everything before it is about the stream itself. @throws the model's error */
async function firstPiece(
  reader: ReadableStreamDefaultReader<AnyPart>,
  warnings: string[],
): Promise<AnyPart | undefined> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return undefined;
    if (value.type === 'error') throw value.error;
    if (value.type === 'finish') throwIfFailed(value);
    if (value.type === 'stream-start') warnings.push(...warningSentences(value.warnings));
    else if (value.type !== 'response-metadata' && value.type !== 'raw' && value.type !== 'ping')
      return value;
  }
}

function endOf(
  { finishReason, usage, providerMetadata }: Record<string, unknown>,
  id: string,
  metrics: CallContext['metrics'],
): CallEnd {
  const { inputTokens = {}, outputTokens = {} } = (usage ?? {}) as {
    inputTokens?: Counted;
    outputTokens?: Counted;
  };
  metrics.tokens(id, inputTokens.total, outputTokens.total);
  const { logprobs = [] } = ((providerMetadata as { trivium?: object } | undefined)?.trivium ?? {}) as {
    logprobs?: TokenLogprob[];
  };
  return {
    finishReason: (finishReason as { unified?: string } | undefined)?.unified ?? 'other',
    usage: {
      input: inputTokens.total ?? 0,
      cached: inputTokens.cacheRead ?? 0,
      output: outputTokens.total ?? 0,
      reasoning: outputTokens.reasoning ?? 0,
    },
    logprobs,
  };
}
