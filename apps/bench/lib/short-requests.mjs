/**
 * Short requests to the engine and to the AI SDK provider over it: plain ones, ones that somebody gives up, ones that ask
 * for what cannot be. Each answers how it ended and what that took; an ending that was not promised throws. Knows neither
 * when requests arrive nor what a refused one does next.
 */
import { APICallError, streamText } from 'ai';

/** Numbers in [0, 1) from a fixed seed, so that a run can be repeated. */
export function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

// A token a character; prompts of the AI SDK are cut from it.
const text = 'thequickbrownfoxjumpsoverthelazydog'.replace(/.{5}/g, '$& ').repeat(3);
const between = (random, least, most) => least + Math.floor(random() * (most - least + 1));

/** What cannot be asked for, and the code and field that refuse it. */
const impossible = [
  [{ tokens: [] }, 'invalid-argument', 'tokens'],
  [{ tokens: [5, 64] }, 'invalid-argument', 'tokens'],
  [{ tokens: new Int32Array(300) }, 'context-overflow', 'tokens'],
  [{ maxTokens: 0 }, 'invalid-argument', 'maxTokens'],
  [{ temperature: Number.NaN }, 'invalid-argument', 'temperature'],
  [{ topP: 0 }, 'invalid-argument', 'topP'],
  [{ stop: [''] }, 'invalid-argument', 'stop'],
  [{ logitBias: { 64: 1 } }, 'invalid-argument', 'logitBias'],
];

/**
 * The next request: a tenth is given up, before its first token or while it writes; a twentieth cannot be; a fifth of the
 * others goes through the AI SDK. 4 to 24 tokens of prompt, 1 to 16 new ones, half of them sampled.
 */
export function nextRequest(random) {
  const common = {
    promptTokens: between(random, 4, 24),
    maxTokens: between(random, 1, 16),
    temperature: random() < 0.5 ? 0 : 0.8,
    seed: between(random, 0, 2 ** 31),
    at: between(random, 0, text.length - 24),
  };
  const kind = random();
  if (kind < 0.05) return { ...common, wrong: impossible[Math.floor(random() * impossible.length)] };
  const abort = kind < 0.15 && { abortAtToken: between(random, 0, common.maxTokens), abortMs: random() * 60 };
  return { ...common, ...abort, provider: random() < 0.2 };
}

/**
 * @returns `{ ending: 'completed' | 'cancelled' | 'invalid' | 'busy', firstTokenMs?, queueMs?, endMs }`; a cancelled one that
 * was done before anybody gave it up is `completed`
 */
export async function send(request, { model, provider }) {
  const started = performance.now();
  const controller = new AbortController();
  const timer = request.abortMs !== undefined && setTimeout(() => controller.abort(), request.abortMs);
  const outcome = {};
  const onToken = () => {
    outcome.firstTokenMs ??= performance.now() - started;
    outcome.tokens = (outcome.tokens ?? 0) + 1;
    if (outcome.tokens === request.abortAtToken) controller.abort();
  };
  const run = request.provider ? throughProvider : throughEngine;
  try {
    outcome.queueMs = await run(request, request.provider ? provider : model, controller.signal, onToken);
    if (request.wrong) throw new Error(`${JSON.stringify(request.wrong)} was taken`);
    outcome.ending = 'completed';
  } catch (error) {
    outcome.ending = endingOf(error, request, controller.signal);
  } finally {
    clearTimeout(timer);
  }
  outcome.endMs = performance.now() - started;
  return outcome;
}

function endingOf(error, { wrong }, signal) {
  if (signal.aborted && error === signal.reason) return 'cancelled';
  if (wrong && error.code === wrong[1] && error.field === wrong[2]) return 'invalid';
  // To the AI SDK a full queue is a call that may be tried again.
  const refusal =
    APICallError.isInstance(error) && error.isRetryable && error.statusCode === 429 ? error.cause : error;
  if (refusal.code === 'busy' && refusal.field === 'maxQueue' && refusal.remedy) return 'busy';
  throw error;
}

async function throughEngine(
  { wrong, promptTokens, maxTokens, temperature, seed, at },
  model,
  signal,
  onToken,
) {
  const tokens = Array.from({ length: promptTokens }, (_, i) => 3 + ((at * 7 + i * 5) % 60));
  const asked = { tokens, maxTokens, temperature, topP: 0.95, seed, stopTokens: [], signal, ...wrong?.[0] };
  for await (const event of model.generate(asked)) {
    if (event.type === 'token') onToken();
    if (event.type === 'finish') return event.usage.queueMs;
  }
  throw new Error('a generation without an ending');
}

async function throughProvider({ promptTokens, maxTokens, temperature, seed, at }, model, signal, onToken) {
  const prompt = text.slice(at, at + promptTokens);
  const { fullStream } = streamText({
    model,
    prompt,
    maxOutputTokens: maxTokens,
    temperature,
    seed,
    maxRetries: 0,
    abortSignal: signal,
    onError: () => {}, // it comes as a part too
  });
  for await (const part of fullStream) {
    if (part.type === 'text-delta') onToken();
    if (part.type === 'error') throw part.error;
    if (part.type === 'abort') throw signal.reason;
    if (part.type === 'finish-step') return part.providerMetadata.trivium.queueMs;
  }
  throw new Error('a stream without an ending');
}
