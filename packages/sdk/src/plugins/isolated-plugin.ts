/**
 * A plugin in a thread of its own behind the face of one that runs here. What throws, answers nonsense or never comes back
 * there ends a call, at worst its thread; the next call starts a new one. Memory is shared with nobody: its host loads its
 * own models.
 */
import { Worker } from 'node:worker_threads';
import {
  type AnyCapability,
  type AnyImplementation,
  definePlugin,
  implement,
  type Plugin,
  TriviumError,
} from '@trivium/protocol';
import type { HostSettings } from '../host/host.js';
import { AnsweredJobs, type CallContext } from './answered-jobs.js';
import type { FoundPlugin } from './find-plugin.js';
import { errorFrom, type FromWorker, fromWorker, type ToWorker, type WorkerStart } from './worker-frames.js';

const pingMs = 1000;
/**
 * A thread that leaves so many pings unanswered while it has work is stuck; so is one that does not start. They are counted, not
 * timed: a host that slept or was busy itself has asked nothing meanwhile.
 */
const stuckPings = 10;
/**
 * A call that goes on this long after it was cancelled, twice what an implementation is given, is left behind, and its thread to
 * the calls that are under way there: it takes no others, and ends with the last of them.
 */
const cancelMs = 2_000;

const didNotStop = 'did not stop when it was told to';

interface Waiter {
  resolve(frame: FromWorker): void;
  reject(error: TriviumError): void;
}

/** One thread, until it ends; then all its calls fail and it is thrown away. */
class PluginThread {
  readonly #worker: Worker;
  readonly #name: string;
  readonly #waiters = new Map<number, Waiter>();
  /** By the calls under way. */
  readonly #jobs = new Map<number, AnsweredJobs>();
  readonly #onEnd: () => void;
  readonly ready: Promise<void>;
  #calls = 0;
  #open = 0;
  /** Calls that were told to stop and have not, or never did. */
  #cancelling = 0;
  #unanswered = 0;
  #watchdog: NodeJS.Timeout | undefined;
  #end: TriviumError | undefined;

  constructor(start: WorkerStart, onEnd: () => void) {
    this.#name = start.name;
    this.#onEnd = onEnd;
    this.#worker = new Worker(workerFile, { workerData: start });
    this.#worker.unref();
    this.ready = new Promise((resolve, reject) => this.#waiters.set(0, { resolve: () => resolve(), reject }));
    this.ready.catch(() => {});
    this.#worker.on('message', (message: unknown) => this.#hear(message));
    this.#worker.on('error', (cause) => this.#stop(this.#failure('threw outside of any call', cause)));
    this.#worker.on('exit', () => this.#stop(this.#failure('ended its thread')));
    this.#hold();
  }

  /** Something in it was told to stop and has not done so yet, and may never: new work goes elsewhere. */
  get isDoubtful(): boolean {
    return this.#cancelling > 0;
  }

  /**
   * Runs a capability there; leaving early cancels it.
   * @param startable what it may start as jobs
   */
  async *run(
    capability: AnyCapability,
    input: unknown,
    context: CallContext,
    startable: readonly AnyImplementation[],
  ): AsyncGenerator<unknown, unknown, void> {
    const { signal } = context;
    this.#calls += 1;
    const call = this.#calls;
    let timer: NodeJS.Timeout | undefined;
    let isLeftBehind = false;
    const cancel = () => {
      if (timer) return;
      this.#cancelling += 1;
      this.#send({ type: 'cancel', call });
      timer = setTimeout(() => {
        isLeftBehind = true;
        this.#waiters.get(call)?.reject(this.#failure(didNotStop));
        this.#waiters.delete(call);
      }, cancelMs);
    };
    let isOpen = false;
    using jobs = new AnsweredJobs(context, startable, (answer) => this.#send(answer));
    this.#jobs.set(call, jobs);
    this.#hold();
    try {
      await this.ready;
      signal.throwIfAborted();
      this.#send({ type: 'call', call, capability: capability.name, input });
      isOpen = true;
      signal.addEventListener('abort', cancel, { once: true });
      for (;;) {
        if (isLeftBehind) throw this.#failure(didNotStop);
        const frame = await this.#ask(call);
        if (frame.type === 'progress') {
          yield frame.progress;
          continue;
        }
        isOpen = false;
        if (frame.type === 'output') return frame.output;
        if (frame.type === 'error') throw errorFrom(frame.error);
      }
    } finally {
      signal.removeEventListener('abort', cancel);
      if (isOpen && !isLeftBehind && !this.#end) {
        // The consumer left between two steps: the call is told, and waited for while it cleans up.
        cancel();
        await this.#ask(call, 'return').catch(() => {});
      }
      if (timer && !isLeftBehind) this.#cancelling -= 1;
      clearTimeout(timer);
      this.#jobs.delete(call);
      this.#release();
    }
  }

  async dispose(): Promise<void> {
    this.#stop(new TriviumError('disposed', `The plugin "${this.#name}" is disposed of.`));
    await this.#worker.terminate();
  }

  #ask(call: number, type: 'next' | 'return' = 'next'): Promise<FromWorker> {
    if (this.#end) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => {
      this.#waiters.set(call, { resolve, reject });
      this.#send({ type, call });
    });
  }

  #send(frame: ToWorker): void {
    if (this.#end) return;
    try {
      this.#worker.postMessage(frame);
    } catch (cause) {
      // An input that its contract lets through, a function for one.
      throw new TriviumError('internal', `The input of ${this.#name} cannot travel between threads.`, {
        cause,
      });
    }
  }

  #hear(message: unknown): void {
    this.#unanswered = 0;
    const { success, data: frame, error } = fromWorker.safeParse(message);
    if (!success) {
      this.#stop(this.#failure('sent what nobody asked it for', error));
      return;
    }
    if (frame.type === 'pong') return;
    if (frame.type === 'broken') {
      this.#stop(errorFrom(frame.error));
      return;
    }
    if (frame.type === 'jobs-next' || frame.type === 'jobs-close') {
      this.#hearOfJobs(frame);
      return;
    }
    const key = frame.type === 'ready' ? 0 : frame.call;
    const waiter = this.#waiters.get(key);
    this.#waiters.delete(key);
    waiter?.resolve(frame);
    if (waiter && frame.type === 'ready') this.#release();
  }

  #hearOfJobs(frame: Extract<FromWorker, { ask: number }>): void {
    const { call, ask } = frame;
    const jobs = this.#jobs.get(call);
    if (frame.type === 'jobs-close') jobs?.close(ask);
    else if (jobs) void jobs.answer(ask, frame.question);
    else {
      const error = new TriviumError('disposed', 'The call that knew these jobs has ended.').toJSON();
      this.#send({ type: 'jobs-error', ask, error });
    }
  }

  /** While there is work the process stays and the thread is watched. */
  #hold(): void {
    this.#open += 1;
    if (this.#open > 1) return;
    this.#worker.ref();
    this.#unanswered = 0;
    this.#watchdog = setInterval(() => {
      if (this.#unanswered >= stuckPings) return this.#stop(this.#failure('is stuck'));
      this.#unanswered += 1;
      this.#worker.postMessage({ type: 'ping' } satisfies ToWorker);
    }, pingMs);
    this.#watchdog.unref();
  }

  #release(): void {
    this.#open -= 1;
    if (this.#open > 0) return;
    this.#worker.unref();
    clearInterval(this.#watchdog);
    // Nobody waits for what was left behind there.
    if (this.isDoubtful) this.#stop(this.#failure(didNotStop));
  }

  #stop(error: TriviumError): void {
    if (this.#end) return;
    this.#end = error;
    clearInterval(this.#watchdog);
    for (const { reject } of this.#waiters.values()) reject(error);
    this.#waiters.clear();
    void this.#worker.terminate();
    this.#onEnd();
  }

  #failure(what: string, cause?: unknown): TriviumError {
    return new TriviumError('internal', `The plugin "${this.#name}" ${what}.`, {
      remedy: 'Its thread was ended; a new call starts it again.',
      cause,
    });
  }
}

/** Below the chunk that holds this code; in one literal, so that tracers of files find it and nothing more. */
const workerFile = new URL('./plugins/plugin-worker.js', import.meta.url);

export interface IsolatedPlugin extends Plugin, AsyncDisposable {}

/** A plugin whose contracts are known here and whose implementations run in a thread, started by the first call. */
export function isolatePlugin(
  { url, name }: FoundPlugin,
  contracts: readonly AnyCapability[],
  host: HostSettings,
): IsolatedPlugin {
  const threads = new Set<PluginThread>();
  const running = () => {
    const sound = [...threads].find(({ isDoubtful }) => !isDoubtful);
    if (sound) return sound;
    const started: PluginThread = new PluginThread({ url, name, host }, () => threads.delete(started));
    threads.add(started);
    return started;
  };
  const plugin: Plugin = definePlugin({
    name: contracts[0]!.plugin,
    capabilities: contracts.map((capability) =>
      implement(capability, (input, context: CallContext) =>
        running().run(capability, input, context, plugin.capabilities),
      ),
    ),
  });
  return {
    ...plugin,
    async [Symbol.asyncDispose]() {
      await Promise.all([...threads].map((thread) => thread.dispose()));
    },
  };
}
