/** The engine of this process and environment, loaded on first use. */
import { TriviumError } from '@trivium/protocol';
import { translated, translatedSync } from './errors.js';
import { EventRouter } from './event-router.js';
import { loadAddon } from './load-addon.js';
import { toModel } from './model.js';
import { toTokenizer } from './tokenizer.js';
import type { EngineStats, InspectedModel, LoadModelOptions, NativeEngine } from './types.js';

const progressIntervalMs = 50;
let engine: NativeEngine | undefined;

/** @throws TriviumError `native-unavailable` when no binary fits this machine */
export function getEngine(): NativeEngine {
  engine ??= createEngine();
  return engine;
}

function createEngine(): NativeEngine {
  const addon = loadAddon();
  const router = new EventRouter(addon);

  const loadModel = async (path: string, options: LoadModelOptions = {}) => {
    const { onProgress, signal, ...settings } = options;
    signal?.throwIfAborted();
    const control = new Int32Array(2);
    const abort = () => Atomics.store(control, 0, 1);
    signal?.addEventListener('abort', abort, { once: true });
    const timer =
      onProgress && setInterval(() => onProgress(Atomics.load(control, 1) / 1000), progressIntervalMs);
    try {
      const model = toModel(await translated(addon.loadModel(path, settings, control)), router);
      if (signal?.aborted) await model.dispose();
      signal?.throwIfAborted();
      onProgress?.(1);
      return model;
    } catch (error) {
      throw signal?.aborted && TriviumError.isInstance(error) && error.code === 'cancelled'
        ? signal.reason
        : error;
    } finally {
      clearInterval(timer);
      signal?.removeEventListener('abort', abort);
    }
  };

  return {
    loadModel,
    loadTokenizer: async (path) => toTokenizer(await translated(addon.loadTokenizer(path))),
    inspect: async (path) => {
      const { texts: _, kind: __, ...inspection } = await translated(addon.inspect(path));
      return inspection as InspectedModel;
    },
    setThreads: async (threads) => translated(translatedSync(() => addon.setThreads(threads))),
    rehearse: (path) => translated(addon.rehearse(path)),
    stats: () => addon.stats() as unknown as EngineStats,
    get backend() {
      return addon.backend();
    },
  };
}
