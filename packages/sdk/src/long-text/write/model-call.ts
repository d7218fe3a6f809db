/**
 * One call of a language model through the AI SDK: checked to fit the context, within the stage's deadline and budget,
 * ended early when the caller has enough or the model goes round in circles. Refuses to know: what is written.
 */
import { TriviumError, type WriteUsage } from '@trivium/protocol';
import type { LanguageModel } from 'ai';
import { loadAi } from '../../base/ai-sdk.js';
import { loopStart } from './loops.js';
import { outputLimit, outputTokens, templateTokens } from './plan.js';
import type { StageSettings } from './settings.js';
import type { StageMeter } from './stage-meter.js';

export interface ModelCall {
  system: string;
  prompt: string;
  /** Words that the prompt asks for. */
  words: number;
  onDelta?: (text: string) => void;
  /** Asked now and then with all text so far: true ends the call. */
  isEnough?: (text: string) => boolean;
}

export interface CallResult {
  text: string;
  /**
   * `enough`: the caller ended it. `length`: the model ran into its output tokens. `looped`: it began to say the same again
   * and again, and the text ends before that. `ended`: see `meter.ended`.
   */
  end: 'stop' | 'enough' | 'length' | 'looped' | 'ended';
}

/** Characters between two questions whether it is enough. */
const askEvery = 24;

/** Tokens of a prompt that leave room for `words` words of answer and what a chat template adds. */
export const promptRoom = (stage: StageSettings, words: number) =>
  stage.contextTokens - Math.min(outputLimit(stage), outputTokens(words)) - templateTokens;

/**
 * @throws TriviumError `context-overflow` for a prompt that does not fit; the provider's error; an abort's reason.
 */
export async function callModel(
  call: ModelCall,
  meter: StageMeter,
  signal?: AbortSignal,
): Promise<CallResult> {
  signal?.throwIfAborted();
  const { settings } = meter;
  const inputTokens = (await settings.countTokens(`${call.system}\n\n${call.prompt}`)) + templateTokens;
  const wanted = Math.min(outputLimit(settings), outputTokens(call.words));
  if (inputTokens + wanted > settings.contextTokens) throw contextOverflow(settings, inputTokens, wanted);
  const maxOutputTokens = meter.allowance(inputTokens, wanted);
  if (maxOutputTokens === 0) return { text: '', end: 'ended' };
  return readAnswer(call, meter, { inputTokens, maxOutputTokens }, signal);
}

async function readAnswer(
  call: ModelCall,
  meter: StageMeter,
  { inputTokens, maxOutputTokens }: { inputTokens: number; maxOutputTokens: number },
  signal: AbortSignal | undefined,
): Promise<CallResult> {
  const { streamText } = await loadAi();
  const { model, temperature, countTokens } = meter.settings;
  const enough = new AbortController();
  const abortSignal = AbortSignal.any([enough.signal, meter.deadlineSignal, ...(signal ? [signal] : [])]);
  let failure: { error: unknown } | undefined;
  const stream = streamText({
    model: model as LanguageModel,
    system: call.system,
    prompt: call.prompt,
    maxOutputTokens,
    temperature,
    abortSignal,
    onError: ({ error }) => {
      failure = { error };
    },
  });
  let text = '';
  let asked = 0;
  let loop: number | undefined;
  for await (const delta of untilAborted(stream.textStream, abortSignal)) {
    text += delta;
    call.onDelta?.(delta);
    if (text.length - asked < askEvery) continue;
    asked = text.length;
    loop = loopStart(text);
    if (loop !== undefined || call.isEnough?.(text)) enough.abort();
  }
  signal?.throwIfAborted();
  const isCut = abortSignal.aborted;
  // An error that comes of ending the call is none.
  if (failure && !isCut) throw failure.error;
  const reported = isCut ? undefined : await reportedUsage(stream);
  meter.add(reported ?? { inputTokens, cachedTokens: 0, outputTokens: await countTokens(text), calls: 1 });
  if (meter.deadlineSignal.aborted) return { text, end: 'ended' };
  if (loop !== undefined) return { text: text.slice(0, loop), end: 'looped' };
  if (enough.signal.aborted) return { text, end: 'enough' };
  const isLong = !isCut && (await stream.finishReason) === 'length';
  return { text, end: isLong ? 'length' : 'stop' };
}

/** Reads until the signal aborts, even where the provider does not listen to it. */
async function* untilAborted(stream: AsyncIterable<string>, signal: AbortSignal): AsyncGenerator<string> {
  const iterator = stream[Symbol.asyncIterator]();
  let leave = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    leave = () => resolve(undefined);
    signal.addEventListener('abort', leave, { once: true });
  });
  try {
    while (!signal.aborted) {
      const next = iterator.next();
      next.catch(() => {});
      const step = await Promise.race([next, aborted]);
      if (!step || step.done) return;
      yield step.value;
    }
  } finally {
    signal.removeEventListener('abort', leave);
    if (signal.aborted) void iterator.return?.().catch(() => {});
  }
}

interface ReportingStream {
  readonly usage: PromiseLike<{
    inputTokens?: number | undefined;
    outputTokens?: number | undefined;
    inputTokenDetails?: { cacheReadTokens?: number | undefined };
  }>;
}

/** What the provider counted; nothing where it counted nothing. */
async function reportedUsage(stream: ReportingStream): Promise<WriteUsage | undefined> {
  const { inputTokens, outputTokens, inputTokenDetails } = await stream.usage;
  if (inputTokens === undefined || outputTokens === undefined) return undefined;
  return { inputTokens, outputTokens, cachedTokens: inputTokenDetails?.cacheReadTokens ?? 0, calls: 1 };
}

/** A prompt of `inputTokens` and an answer of `wanted` do not fit the stage's model. */
export function contextOverflow(settings: StageSettings, inputTokens: number, wanted: number): TriviumError {
  return new TriviumError(
    'context-overflow',
    `The ${settings.stage} stage needs more context than ${settings.model.modelId} has.`,
    {
      field: 'contextTokens',
      expected: `${inputTokens} tokens of prompt and ${wanted} of answer`,
      found: String(settings.contextTokens),
      remedy: `${settings.longerContext}, a shorter instruction, or smaller maxTokens.`,
    },
  );
}
