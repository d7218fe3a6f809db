/** The engine of this process and environment, loaded on first use. */
import type { RawModel } from './addon.js';
import { translated, translatedSync } from './errors.js';
import { EventRouter } from './event-router.js';
import { integer } from './integers.js';
import { loadAddon } from './load-addon.js';
import { toModel } from './model.js';
import { toTokenizer } from './tokenizer.js';
import type { EngineStats, InspectedModel, LoadModelOptions, NativeEngine } from './types.js';
import { cancellable, unlessAborted } from './unless-aborted.js';

const progressIntervalMs = 50;
let engine: NativeEngine | undefined;

/** @throws TriviumError `native-unavailable` when no binary fits this machine */
export function getEngine(): NativeEngine {
  engine ??= createEngine();
  return engine;
}

function createEngine(): NativeEngine {
  const addon = loadAddon();
  const router = EventRouter.of(addon);

  const loadModel = async (path: string, options: LoadModelOptions = {}) => {
    const { onProgress, signal, ...settings } = options;
    checkIntegers(settings);
    const control = new Int32Array(2);
    const tell = onProgress && rising(onProgress);
    // All is read a moment before the model is ready, and only then is 1 said.
    const timer =
      tell && setInterval(() => tell(Math.min(Atomics.load(control, 1), 999) / 1000), progressIntervalMs);
    try {
      const raw = await unlessAborted(signal, control, () => addon.loadModel(path, settings, control));
      const model = await disposingOnFailure(raw, () => toModel(raw, router));
      if (signal?.aborted) await model.dispose();
      signal?.throwIfAborted();
      tell?.(1);
      return model;
    } finally {
      clearInterval(timer);
    }
  };

  const rehearse: NativeEngine['rehearse'] = (path, { signal } = {}) => {
    return cancellable(signal, (cancelled) => addon.rehearse(path, cancelled));
  };

  return {
    loadModel,
    loadTokenizer: async (path) => toTokenizer(await translated(() => addon.loadTokenizer(path))),
    inspect: async (path) => {
      const { texts: _, kind, ...inspection } = await translated(() => addon.inspect(path));
      return { ...inspection, ...(inspection.supported && { kind }) } as InspectedModel;
    },
    setThreads: (threads) => translated(() => addon.setThreads(threads)),
    rehearse,
    stats: () => addon.stats() as unknown as EngineStats,
    get backend() {
      return translatedSync(() => addon.backend());
    },
  };
}

/** A model that nobody gets to see would stay in memory. */
async function disposingOnFailure<T>(raw: RawModel, work: () => T): Promise<T> {
  try {
    return work();
  } catch (error) {
    await raw.dispose();
    throw error;
  }
}

/** The integers of {@link LoadModelOptions}, with the least that each may be. */
const leastOf = { contextTokens: 0, maxSequences: 1, maxQueue: 0, prefillChunk: 1 } as const;

/** @throws TriviumError `invalid-argument` naming the option */
function checkIntegers(settings: LoadModelOptions): void {
  for (const [field, least] of Object.entries(leastOf)) {
    const value = settings[field as keyof typeof leastOf];
    if (value !== undefined) integer(value, field, least);
  }
  const { kvMemoryBytes } = settings;
  if (kvMemoryBytes !== undefined)
    integer(Math.floor(kvMemoryBytes), 'kvMemoryBytes', 0, Number.MAX_SAFE_INTEGER);
}

/** Tells a share once, and none below one that was told. */
function rising(report: (share: number) => void): (share: number) => void {
  let told = -1;
  return (share) => {
    if (share <= told) return;
    told = share;
    report(share);
  };
}
