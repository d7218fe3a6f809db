/**
 * A loaded model as callers hold it: each operation keeps the model in memory while it runs, and brings it back where it
 * has been unloaded meanwhile. So a caller may hold one for as long as it likes. Knows no budget.
 */
import type { GenerateEvent, GenerateOptions, NativeModel } from '@trivium/native';

/**
 * A model that stays loaded until it is released; releasing twice is releasing once. What an operation failed with is said on
 * release: it may mean that the model must be loaded anew.
 */
export interface ModelLease {
  model: NativeModel;
  release(failure?: unknown): void;
}

export interface ManagedModelSource {
  /** Loads the model where need be and keeps it. @throws TriviumError as loading does, `disposed` */
  lease(signal?: AbortSignal): Promise<ModelLease>;
  /** Frees the model at once; later operations fail with `disposed`. */
  dispose(): Promise<void>;
}

type Step = IteratorResult<GenerateEvent, undefined>;

/** One generation under a lease that ends with it, or with the abort that ends it in the engine, for then nobody need read on. */
class LeasedGeneration implements AsyncIterableIterator<GenerateEvent> {
  readonly #source: ManagedModelSource;
  readonly #options: GenerateOptions;
  #started: Promise<AsyncIterator<GenerateEvent> | undefined> | undefined;
  #events: AsyncIterator<GenerateEvent> | undefined;
  #release: ModelLease['release'] | undefined;
  #ended = false;

  constructor(source: ManagedModelSource, options: GenerateOptions) {
    this.#source = source;
    this.#options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Step> {
    try {
      this.#started ??= this.#start();
      const events = await this.#started;
      const step = this.#ended ? undefined : ((await events?.next()) as Step | undefined);
      if (!step || step.done) this.#end();
      return step ?? { done: true, value: undefined };
    } catch (error) {
      this.#end(error);
      throw error;
    }
  }

  /** Stops the engine at once, also while a `next` is under way. */
  async return(): Promise<Step> {
    this.#ended = true;
    await this.#events?.return?.();
    this.#end();
    return { done: true, value: undefined };
  }

  async #start(): Promise<AsyncIterator<GenerateEvent> | undefined> {
    const { model, release } = await this.#source.lease(this.#options.signal);
    if (this.#ended) {
      release();
      return undefined;
    }
    this.#release = release;
    this.#options.signal?.addEventListener('abort', this.#aborted, { once: true });
    this.#events = model.generate(this.#options);
    return this.#events;
  }

  readonly #aborted = () => this.#release?.();

  #end(failure?: unknown): void {
    this.#ended = true;
    this.#options.signal?.removeEventListener('abort', this.#aborted);
    this.#release?.(failure);
  }
}

/** @param loaded gives what does not change from load to load: `info` and the tokenizer, which outlives the weights */
export function manageModel(loaded: NativeModel, source: ManagedModelSource): NativeModel {
  async function leased<T>(
    signal: AbortSignal | undefined,
    run: (model: NativeModel) => Promise<T>,
  ): Promise<T> {
    const { model, release } = await source.lease(signal);
    try {
      const result = await run(model);
      release();
      return result;
    } catch (error) {
      release(error);
      throw error;
    }
  }
  const dispose = () => source.dispose();
  return {
    info: loaded.info,
    tokenizer: loaded.tokenizer,
    // What a reloaded model gets as a source it compiles again; a grammar compiled here is of the model that is loaded now.
    compileGrammar: (source, options) =>
      leased(options?.signal, (model) => model.compileGrammar(source, options)),
    generate: (options) => new LeasedGeneration(source, options),
    embed: (texts, options) => leased(options?.signal, (model) => model.embed(texts, options)),
    embedTokens: (texts, options) => leased(options?.signal, (model) => model.embedTokens(texts, options)),
    rank: (query, texts, options) => leased(options?.signal, (model) => model.rank(query, texts, options)),
    rankTokens: (inputs, options) => leased(options?.signal, (model) => model.rankTokens(inputs, options)),
    logits: (tokens, options) => leased(options?.signal, (model) => model.logits(tokens, options)),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}
