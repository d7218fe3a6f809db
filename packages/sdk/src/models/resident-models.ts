/**
 * Which models are in memory: one budget over all of them, admission before anything is loaded, the least recently used
 * idle one out first. A model that is leased is never unloaded. Knows paths, no references.
 */
import type { LoadModelOptions, NativeEngine, NativeModel } from '@trivium/native';
import { type LoadProgress, TriviumError } from '@trivium/protocol';
import { runAfter } from '../base/timer.js';
import type { ModelLease } from './managed-model.js';
import { availableMemoryBytes, estimateMemory, type MemoryEstimate } from './memory-estimate.js';
import type { PackCache } from './pack-cache.js';
import { type JoinOptions, SharedTask } from './shared-task.js';

export interface ResidentModelsSettings {
  /** Handed to the engine for every model. */
  load: Pick<
    LoadModelOptions,
    'activationBits' | 'contextTokens' | 'kvMemoryBytes' | 'kvType' | 'maxSequences' | 'maxQueue' | 'quantize'
  >;
  /** Bytes that all models together may take; without it only the machine's memory bounds them. */
  memoryBytes?: number | undefined;
  /** A model that nobody has used for so long is unloaded. */
  idleUnloadMs?: number | undefined;
  /** Keeps packed weights between starts. */
  packCache: PackCache;
  engine: () => Pick<NativeEngine, 'inspect' | 'loadModel'>;
  /** Tests give a smaller machine. */
  availableBytes?: (() => number) | undefined;
}

class Resident {
  readonly path: string;
  model: NativeModel | undefined;
  loading: SharedTask<NativeModel, LoadProgress> | undefined;
  leases = 0;
  /** What it may take, from its admission on. */
  bytes = 0;
  /** Of its bytes, keys and values beyond those of one context: nothing of the machine is promised for them. */
  spareBytes = 0;
  /** Its pack file was lost or touched: it takes no more leases and goes with its last one. */
  isLost = false;
  lastUse = 0;
  idleTimer: NodeJS.Timeout | undefined;

  constructor(path: string) {
    this.path = path;
  }

  get promisedBytes(): number {
    return this.bytes - this.spareBytes;
  }

  charge(bytes: number, spareBytes = 0): void {
    this.bytes = bytes + spareBytes;
    this.spareBytes = spareBytes;
  }

  /** Of its bytes, in a mapped file: the machine counts such pages as available while they are in use too. */
  get mappedBytes(): number {
    return this.model?.info.packed === 'mapped' ? this.model.info.weightBytes : 0;
  }
}

export class ResidentModels {
  readonly #settings: ResidentModelsSettings;
  readonly #residents = new Map<string, Resident>();
  /** Admissions come one after the other, so that two loads never count the same free bytes. */
  #admission: Promise<unknown> = Promise.resolve();
  #uses = 0;

  constructor(settings: ResidentModelsSettings) {
    this.#settings = settings;
  }

  /** Paths of loaded models with what they take, the least recently used first. */
  loaded(): { path: string; bytes: number; inUse: boolean }[] {
    return [...this.#residents.values()]
      .filter(({ model }) => model !== undefined)
      .sort((a, b) => a.lastUse - b.lastUse)
      .map(({ path, bytes, leases }) => ({ path, bytes, inUse: leases > 0 }));
  }

  /**
   * The model, loaded, until the lease is released.
   * @throws TriviumError `out-of-memory` before anything is loaded, and what the engine says; the abort reason
   */
  async lease(path: string, options: JoinOptions<LoadProgress> = {}): Promise<ModelLease> {
    options.signal?.throwIfAborted();
    const resident = this.#residents.get(path) ?? new Resident(path);
    this.#residents.set(path, resident);
    // Counted before the wait: a model must not go between its loading and its use.
    resident.leases += 1;
    clearTimeout(resident.idleTimer);
    let released = false;
    const release = (failure?: unknown) => {
      if (released) return;
      released = true;
      if (isLoss(resident, failure)) this.#forget(resident);
      this.#release(resident);
    };
    try {
      const model = resident.model ?? (await this.#load(resident, options));
      resident.lastUse = ++this.#uses;
      return { model, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Frees a model whether it is used or not: calls under way fail with `disposed`. */
  async unload(path: string): Promise<void> {
    const resident = this.#residents.get(path);
    if (!resident) return;
    this.#residents.delete(path);
    clearTimeout(resident.idleTimer);
    const model = resident.model ?? (await resident.loading?.join().catch(() => undefined));
    resident.model = undefined;
    await model?.dispose();
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#residents.keys()].map((path) => this.unload(path)));
  }

  #load(resident: Resident, options: JoinOptions<LoadProgress>): Promise<NativeModel> {
    if (resident.loading?.abandoned) resident.loading = undefined;
    resident.loading ??= this.#startLoading(resident);
    return resident.loading.join(options);
  }

  #startLoading(resident: Resident): SharedTask<NativeModel, LoadProgress> {
    const { engine, load, packCache } = this.#settings;
    let task: SharedTask<NativeModel, LoadProgress> | undefined;
    task = new SharedTask(async (signal, report) => {
      try {
        const estimate = await estimateMemory(engine(), resident.path, load);
        await this.#admit(resident, estimate);
        signal.throwIfAborted();
        const model = await engine().loadModel(resident.path, {
          ...load,
          ...this.#bound(estimate.kvBytes + resident.spareBytes),
          packCache: packCache.folderFor(estimate.weightBytes),
          signal,
          onProgress: (share) => report({ type: 'load-progress', share }),
        });
        if (model.info.packed === 'made') void packCache.makeRoom(model.info.weightBytes);
        if (signal.aborted) {
          // Given up too late for the engine to hear of it.
          await model.dispose();
          signal.throwIfAborted();
        }
        resident.model = model;
        const weightBytes = Math.max(model.info.weightBytes, estimate.weightBytes);
        resident.charge(weightBytes + estimate.kvBytes, resident.spareBytes);
        return model;
      } catch (error) {
        // A failed load is forgotten, so that a later call tries again; one that was given up may have a successor.
        if (resident.loading === task) resident.charge(0);
        throw error;
      } finally {
        if (resident.loading === task) {
          resident.loading = undefined;
          if (resident.leases === 0 && !resident.model) this.#drop(resident);
        }
      }
    });
    return task;
  }

  #admit(resident: Resident, estimate: MemoryEstimate): Promise<void> {
    const admitted = this.#admission.then(() => this.#makeRoom(resident, estimate));
    this.#admission = admitted.catch(() => {});
    return admitted;
  }

  async #makeRoom(resident: Resident, estimate: MemoryEstimate): Promise<void> {
    const { memoryBytes, availableBytes = availableMemoryBytes } = this.#settings;
    const others = () => [...this.#residents.values()].filter((other) => other !== resident);
    const taken = () => others().reduce((sum, { bytes }) => sum + bytes, 0);
    const fitsBudget = () => memoryBytes === undefined || taken() + estimate.totalBytes <= memoryBytes;
    // What is being loaded has been promised but does not show in the machine's figures yet.
    const promised = () =>
      others().reduce((sum, { model, promisedBytes }) => sum + (model ? 0 : promisedBytes), 0);
    let freed = 0;
    const machine = availableBytes();
    const fitsMachine = () => estimate.totalBytes <= machine + freed - promised();
    while (!fitsBudget() || !fitsMachine()) {
      const [victim] = others()
        .filter(({ model, leases }) => model !== undefined && leases === 0)
        .sort((a, b) => a.lastUse - b.lastUse);
      if (!victim) {
        throw fitsBudget()
          ? noRoom(resident.path, estimate, machine + freed - promised(), 'available on this machine', false)
          : noRoom(resident.path, estimate, memoryBytes! - taken(), leftOfBudget(others()), taken() > 0);
      }
      freed += victim.promisedBytes - victim.mappedBytes;
      await this.#unloadIdle(victim);
    }
    resident.charge(estimate.totalBytes, this.#spareBytes(estimate, taken()));
  }

  /** Keys and values beyond one context: nobody has to go for them, and half of what a budget has left stays for other models. */
  #spareBytes({ totalBytes, kvBytes, mostKvBytes }: MemoryEstimate, taken: number): number {
    const { memoryBytes } = this.#settings;
    if (memoryBytes === undefined) return 0;
    return Math.min(mostKvBytes - kvBytes, Math.floor((memoryBytes - taken - totalBytes) / 2));
  }

  /** The engine takes no more than what a budget was charged for: by itself it keeps more contexts than one. */
  #bound(kvBytes: number): Pick<LoadModelOptions, 'kvMemoryBytes'> {
    return this.#settings.memoryBytes !== undefined && kvBytes > 0 ? { kvMemoryBytes: kvBytes } : {};
  }

  /** The next lease loads the model anew. */
  #forget(resident: Resident): void {
    resident.isLost = true;
    this.#drop(resident);
  }

  #drop(resident: Resident): void {
    if (this.#residents.get(resident.path) === resident) this.#residents.delete(resident.path);
  }

  #release(resident: Resident): void {
    resident.leases -= 1;
    if (resident.leases > 0) return;
    if (resident.isLost) {
      void this.#unloadIdle(resident).catch(() => {});
      return;
    }
    // A load that was given up takes memory until it ends, and goes by itself then.
    if (resident.loading) return;
    if (!resident.model) {
      this.#drop(resident);
      return;
    }
    const { idleUnloadMs } = this.#settings;
    if (idleUnloadMs === undefined) return;
    resident.idleTimer = runAfter(idleUnloadMs, () => {
      if (resident.leases === 0) void this.#unloadIdle(resident).catch(() => {});
    });
    // A model that waits to be unloaded keeps no process alive.
    resident.idleTimer?.unref();
  }

  async #unloadIdle(resident: Resident): Promise<void> {
    const { model } = resident;
    clearTimeout(resident.idleTimer);
    resident.model = undefined;
    resident.charge(0);
    if (resident.leases === 0) this.#drop(resident);
    await model?.dispose();
  }
}

/** Once it is loaded, a model reads nothing but its pack file: no other file can fail it. */
function isLoss({ model }: Resident, failure: unknown): boolean {
  return model?.info.packed === 'mapped' && TriviumError.isInstance(failure) && failure.code === 'io';
}

/** Whoever set `kvMemoryBytes` learns what of the budget went there. */
function leftOfBudget(others: readonly Resident[]): string {
  const spareBytes = others.reduce((sum, other) => sum + other.spareBytes, 0);
  const beside = spareBytes > 0 ? `, beside ${spareBytes} that models in use have by kvMemoryBytes` : '';
  return `left of memoryBytes${beside}`;
}

function noRoom(
  path: string,
  { weightBytes, kvBytes, totalBytes }: MemoryEstimate,
  bytes: number,
  whose: string,
  used: boolean,
): TriviumError {
  return new TriviumError(
    'out-of-memory',
    `The model needs ${totalBytes} bytes: ${weightBytes} for weights, ${kvBytes} for keys and values.`,
    {
      file: path,
      field: 'memoryBytes',
      expected: `${totalBytes} bytes`,
      found: `${Math.max(0, bytes)} bytes ${whose}`,
      remedy: `Lower contextTokens or kvMemoryBytes, take a smaller quantization${
        used ? ', wait until other models are no longer in use' : ''
      }, or raise the limit.`,
    },
  );
}
