/** A text continued by one of the host's own models, without a chat template, as the same parts that a chat gives. */
import type { GenerateOptions } from '@trivium/native';
import type { Host } from '../../host/index.js';
import { samplingOf } from '../../models/sampling.js';
import type { AnyPart } from '../../provider/any-language-model.js';
import { LogprobReader } from '../../provider/token-logprobs.js';
import type { ServerMetrics } from '../metrics.js';
import { given, stopsOf } from './call-settings.js';
import { failInOpenaiNames, type RouteWords } from './field-names.js';
import type { CallEnd, StreamedAnswer } from './model-call.js';

interface Continuation {
  id: string;
  reference: string;
  prompt: string;
  maxTokens: number;
  signal: AbortSignal;
  body: {
    temperature?: number | undefined;
    top_p?: number | undefined;
    top_k?: number | undefined;
    min_p?: number | undefined;
    presence_penalty?: number | undefined;
    frequency_penalty?: number | undefined;
    repetition_penalty?: number | undefined;
    logit_bias?: Record<string, number> | undefined;
    seed?: number | undefined;
    stop?: string | string[] | undefined;
    logprobs?: number | undefined;
  };
}

export const continuationWords: RouteWords = {
  fields: { tokens: 'prompt', maxTokens: 'max_tokens', maxOutputTokens: 'max_tokens', logprobs: 'logprobs' },
  tooLong: 'Shorten the prompt, or take a model with a larger context.',
};
const fail = (thrown: unknown) => failInOpenaiNames(thrown, continuationWords);

export async function continueText(
  { id, reference, prompt, maxTokens, signal, body }: Continuation,
  host: Host,
  metrics: ServerMetrics,
): Promise<StreamedAnswer> {
  const started = performance.now();
  const model = await host.models.get(reference, 'language', { signal });
  const tokens = await model.tokenizer.encode(prompt, { signal }).catch(fail);
  const options: GenerateOptions = {
    tokens,
    maxTokens,
    signal,
    // OpenAI's default is 1, ours is the model's own or greedy, so that a run can be repeated.
    ...samplingOf(model.info, {
      temperature: body.temperature,
      topP: body.top_p,
      topK: body.top_k,
      minP: body.min_p,
      repeatPenalty: body.repetition_penalty,
    }),
    ...given({
      presencePenalty: body.presence_penalty,
      frequencyPenalty: body.frequency_penalty,
      logitBias: body.logit_bias,
      seed: body.seed,
      stop: stopsOf(body.stop),
      logprobs: body.logprobs,
    }),
  };
  const events = model.generate(options);
  const first = await events.next().catch(fail);
  metrics.firstToken(performance.now() - started);
  let end: CallEnd | undefined;
  const logprobs = new LogprobReader(model.tokenizer);
  async function* parts(): AsyncGenerator<AnyPart, void, void> {
    try {
      for (let step = first; !step.done; step = await events.next()) {
        const event = step.value;
        if (event.type === 'token') {
          logprobs.read(event);
          if (event.text === '') continue;
          yield { type: 'text-delta', id: 'text', delta: event.text };
        } else if (event.type === 'finish') {
          const { inputTokens, cachedTokens, outputTokens } = event.usage;
          metrics.tokens(id, inputTokens, outputTokens);
          const usage = { input: inputTokens, cached: cachedTokens, output: outputTokens, reasoning: 0 };
          end = { finishReason: event.reason, usage, logprobs: logprobs.logprobs };
        }
      }
      if (!end) throw new Error('the engine ended a generation without finishing it');
    } finally {
      await events.return?.();
    }
  }
  return { parts: parts(), warnings: [], end: () => end };
}
