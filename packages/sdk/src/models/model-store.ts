/**
 * Loaded models by path: each is loaded once, however many callers want it at the same time, and lives until the store
 * is disposed of. Knows no spec and no prompts.
 */
import { getEngine, type LoadModelOptions, type NativeEngine, type NativeModel } from '@trivium/native';
import { type ModelPurpose, resolveModel } from './resolve-model.js';

export type ModelStoreSettings = Pick<
  LoadModelOptions,
  'contextTokens' | 'kvMemoryBytes' | 'maxSequences' | 'maxQueue'
>;

export class ModelStore implements AsyncDisposable {
  readonly #models = new Map<string, Promise<NativeModel>>();
  readonly #settings: ModelStoreSettings;

  constructor(settings: ModelStoreSettings = {}) {
    this.#settings = settings;
  }

  get engine(): NativeEngine {
    return getEngine();
  }

  /**
   * The model behind a reference; the first call loads it. A failed load is forgotten, so that a later call tries again.
   * @throws TriviumError `not-found`, `bad-format`, `unsupported`, `out-of-memory`
   */
  async get(reference: string, purpose: ModelPurpose = 'any'): Promise<NativeModel> {
    const path = resolveModel(reference, purpose);
    const known = this.#models.get(path);
    if (known) return known;
    const loading = getEngine().loadModel(path, this.#settings);
    this.#models.set(path, loading);
    loading.catch(() => this.#models.delete(path));
    return loading;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const loading = [...this.#models.values()];
    this.#models.clear();
    const loaded = await Promise.allSettled(loading);
    await Promise.all(
      loaded.map((result) => (result.status === 'fulfilled' ? result.value.dispose() : undefined)),
    );
  }
}
