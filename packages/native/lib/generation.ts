/**
 * One generation as an async iterator over engine events. Cancels on abort, on `return()` and when the model is disposed
 * of; a consumer that lags pauses its request in the engine, so unread output stays bounded.
 */
import { TriviumError } from '@trivium/protocol/errors';
import type { RawEvent, RawGenerateRequest, RawModel } from './addon.js';
import { toTriviumError, translatedSync } from './errors.js';
import type { EventRouter } from './event-router.js';
import { rawOf } from './grammar.js';
import type { Grammar } from './grammar-types.js';
import { integer, tokenIds } from './integers.js';
import type { GenerateEvent, GenerateOptions } from './types.js';

/** Events unread before the request is paused, and before it goes on. */
const pauseAt = 256;
const resumeAt = 64;

export function toRequest(options: GenerateOptions, modelStopTokens: readonly number[]): RawGenerateRequest {
  const biases = Object.entries(options.logitBias ?? {});
  return {
    // A copy: it is sent once the grammar is compiled and somebody reads, and the caller's buffer may hold others by then.
    tokens: tokenIds(options.tokens).slice(),
    maxTokens: integer(options.maxTokens, 'maxTokens', 1),
    temperature: options.temperature ?? 0,
    topK: integer(options.topK ?? 0, 'topK', 0),
    topP: options.topP ?? 1,
    minP: options.minP ?? 0,
    seed: seedOf(options.seed ?? Math.floor(Math.random() * 2 ** 32)),
    repeatPenalty: options.repeatPenalty ?? 1,
    frequencyPenalty: options.frequencyPenalty ?? 0,
    presencePenalty: options.presencePenalty ?? 0,
    biasedTokens: Int32Array.from(biases, ([id]) => tokenId(id)),
    biases: Float32Array.from(biases, ([, bias]) => bias),
    logprobs: options.logprobs === undefined ? -1 : integer(options.logprobs, 'logprobs', 0),
    stop: options.stop ?? [],
    stopTokens: tokenIds(options.stopTokens ?? modelStopTokens, 'stopTokens').slice(),
    skipSpecialTokens: options.skipSpecialTokens ?? true,
  };
}

/** The engine takes no negative seeds; callers may (OpenAI's clients do), and each is a seed of its own. */
function seedOf(seed: number): number {
  const checked = integer(seed, 'seed', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  return checked < 0 ? checked + 2 ** 53 : checked;
}

/** A key of `logitBias`; what is no id must not wrap around to one. */
function tokenId(key: string): number {
  const id = Number(key);
  if (Number.isInteger(id) && id >= 0 && id < 2 ** 31) return id;
  throw new TriviumError('invalid-argument', 'logitBias names something that is no token id.', {
    field: 'logitBias',
    found: key,
    expected: 'ids of the vocabulary',
    remedy: "Take ids from this model's own tokenizer.",
  });
}

function toEvent(event: RawEvent): GenerateEvent | undefined {
  if (event.kind === 'prefill-progress')
    return { type: 'prefill-progress', done: event.done, total: event.total };
  if (event.kind === 'token') {
    const { token, text, logprob, top } = event;
    const topLogprobs = top?.flatMap((id, index) =>
      index % 2 === 0 ? [{ id, logprob: top[index + 1]! }] : [],
    );
    return {
      type: 'token',
      id: token,
      text,
      ...(logprob !== undefined && { logprob }),
      ...(topLogprobs && { topLogprobs }),
    };
  }
  if (event.kind !== 'finish' || event.reason === 'cancelled') return undefined;
  const { reason, stopMatch, inputTokens, cachedTokens, outputTokens, queueMs, prefillMs, decodeMs, maskMs } =
    event;
  return {
    type: 'finish',
    reason,
    ...(stopMatch !== '' && { stopMatch }),
    usage: { inputTokens, cachedTokens, outputTokens, queueMs, prefillMs, decodeMs, maskMs },
  };
}

/** Compiles a grammar for somebody who may leave before it is there. */
type CompileFor = (left: AbortSignal) => Promise<Grammar>;

export class Generation implements AsyncIterableIterator<GenerateEvent> {
  readonly #model: RawModel;
  readonly #router: EventRouter;
  readonly #request: RawGenerateRequest;
  readonly #signal: AbortSignal | undefined;
  /** Compiles what the text is held to, when the generation starts. */
  readonly #compiled: CompileFor | undefined;
  /** Aborted when the generation ends before its time. */
  readonly #left = new AbortController();
  #starting: Promise<void> | undefined;
  readonly #unread: GenerateEvent[] = [];
  #id: number | undefined;
  #failure: { error: unknown } | undefined;
  #ended = false;
  #paused = false;
  #wake: (() => void) | undefined;
  /** What the last call of `next` answers. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    model: RawModel,
    router: EventRouter,
    request: RawGenerateRequest,
    { signal, compiled }: { signal: AbortSignal | undefined; compiled: CompileFor | undefined },
  ) {
    this.#model = model;
    this.#router = router;
    this.#request = request;
    this.#signal = signal;
    this.#compiled = compiled;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Calls may come before earlier ones have their answer: as those of a generator they are answered one after the other. */
  next(): Promise<IteratorResult<GenerateEvent, undefined>> {
    if (!this.#ended && !this.#starting) {
      this.#starting = this.#start();
      this.#starting.catch(() => {}); // who ends before it has begun does not wait for it
    }
    const step = () => this.#step();
    const answer = this.#last.then(step, step);
    this.#last = answer;
    return answer;
  }

  async return(): Promise<IteratorResult<GenerateEvent, undefined>> {
    this.#stop();
    this.#unread.length = 0;
    return { done: true, value: undefined };
  }

  async #step(): Promise<IteratorResult<GenerateEvent, undefined>> {
    if (this.#id === undefined && !this.#ended) await Promise.race([this.#starting, this.#woken()]);
    while (this.#unread.length === 0) {
      if (this.#failure) {
        const { error } = this.#failure;
        this.#failure = undefined;
        throw error;
      }
      if (this.#ended) return { done: true, value: undefined };
      await this.#woken();
    }
    const value = this.#unread.shift()!;
    if (this.#paused && this.#unread.length <= resumeAt) {
      this.#paused = false;
      if (!this.#ended) this.#model.resume(this.#id!);
    }
    return { done: false, value };
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #start(): Promise<void> {
    this.#signal?.throwIfAborted();
    this.#signal?.addEventListener('abort', this.#abort, { once: true });
    try {
      if (this.#compiled) this.#request.grammar = rawOf(await this.#compiled(this.#left.signal));
      if (this.#ended) return;
      this.#id = translatedSync(() => this.#model.generate(this.#request));
    } catch (error) {
      this.#signal?.removeEventListener('abort', this.#abort);
      if (this.#ended) return; // it was left meanwhile, and `next` knows why
      throw error;
    }
    this.#router.listen(this.#id, (event) => this.#receive(event));
  }

  readonly #abort = () => {
    this.#unread.length = 0;
    this.#failure = { error: this.#signal!.reason };
    this.#stop();
  };

  #stop(): void {
    const running = this.#id !== undefined && !this.#ended;
    this.#ended = true;
    this.#signal?.removeEventListener('abort', this.#abort);
    if (running) this.#model.cancel(this.#id!);
    this.#left.abort();
    this.#wake?.();
  }

  #receive(event: RawEvent): void {
    if (this.#ended) return;
    if (event.kind === 'error') this.#failure = { error: toTriviumError(event.error) };
    if (event.kind === 'finish' && event.reason === 'cancelled') {
      this.#failure = { error: new TriviumError('cancelled', 'The generation was cancelled.') };
    }
    const public_ = toEvent(event);
    if (public_) this.#unread.push(public_);
    if (event.kind === 'error' || event.kind === 'finish') {
      this.#ended = true;
      this.#signal?.removeEventListener('abort', this.#abort);
    } else if (!this.#paused && this.#unread.length >= pauseAt) {
      this.#paused = true;
      this.#model.pause(this.#id!);
    }
    this.#wake?.();
  }
}
