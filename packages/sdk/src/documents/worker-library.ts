/**
 * A library whose work is done in a worker thread: sends calls, hands on progress, results, failures and cancels. The
 * thread hears nothing while it parses a file; who cancels or disposes waits a second for it and no longer.
 */
import { Worker } from 'node:worker_threads';
import { type SerializedError, TriviumError } from '@trivium/protocol/errors';
import { StandardInput } from './standard-input.js';
import type {
  Library,
  LibraryOptions,
  Passage,
  ReadOptions,
  ReadReport,
  SearchHit,
  SearchOptions,
  SourceText,
} from './types.js';
import type { FromWorker, WorkerCall, WorkerCalls, WorkerSettings } from './worker-protocol.js';

/** Milliseconds in which the thread should answer a cancel or its end. */
const patience = 1000;

interface Pending {
  resolve: (output: never) => void;
  reject: (error: unknown) => void;
  parts: unknown[] | undefined;
  signal: AbortSignal | undefined;
  hears: Listeners;
}

/** What a call may say before its result, and that it has one, also where nobody waits for it any longer. */
type Listeners = Pick<ReadOptions, 'onProgress'> & Pick<SearchOptions, 'onWarning'> & { onDone?: () => void };

/**
 * The thread. A class of its own because bundlers of Next read `new Worker(anything)` as a wish for every file of this folder,
 * and fail over what is no program there.
 */
class DocumentsThread extends Worker {
  constructor(file: string | URL, workerData: WorkerSettings) {
    // Flags of the caller's command line (--input-type, loaders) are not for a file that is plain JavaScript.
    super(file, { workerData, name: 'trivium-documents', execArgv: [] });
  }
}

export class WorkerLibrary implements Library {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  /** What to do once the thread is done with calls that were left. */
  readonly #left = new Map<number, () => void>();
  readonly #stdin: StandardInput;
  /** Of the reading that the library holds. */
  #onChange: { id: number; call: NonNullable<ReadOptions['onChange']> } | undefined;
  #next = 1;
  #failure: TriviumError | undefined;
  #disposing: Promise<void> | undefined;

  constructor(workerFile: string | URL, options: LibraryOptions) {
    const { cacheDir, cacheBytes, staticModel, embedModel, rankModel, maxFileBytes, within } = options;
    const settings = { cacheDir, cacheBytes, staticModel, embedModel, rankModel, maxFileBytes, within };
    const workerData = Object.fromEntries(
      Object.entries(settings).filter(([, value]) => value !== undefined),
    ) as WorkerSettings;
    this.#stdin = new StandardInput(options.stdin);
    this.#worker = new DocumentsThread(workerFile, workerData);
    this.#worker.unref();
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(undefined));
  }

  async read(paths: readonly string[], options: ReadOptions = {}): Promise<ReadReport> {
    const stdin = paths.includes('-') ? await this.#stdin.read(options.signal) : undefined;
    const input = { paths: [...paths], watch: options.watch ?? false, ...(stdin && { stdin }) };
    const id = this.#next;
    const onDone = () => {
      this.#onChange = options.onChange && { id, call: options.onChange };
    };
    return this.#call('read', input, options.signal, { ...options, onDone });
  }

  search(query: string, { signal, onWarning, ...options }: SearchOptions = {}): Promise<SearchHit[]> {
    return this.#call('search', { query, ...options }, signal, onWarning && { onWarning });
  }

  passages = (): Promise<Passage[]> => this.#call('passages', {});
  document = (path: string): Promise<SourceText> => this.#call('document', { path });
  paths = (): Promise<string[]> => this.#call('paths', {});

  get ended(): boolean {
    return this.#failure !== undefined || this.#disposing !== undefined;
  }

  dispose(): Promise<void> {
    this.#disposing ??= this.#dispose();
    return this.#disposing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #dispose(): Promise<void> {
    const disposed = new TriviumError('disposed', 'The library was disposed of.');
    this.#stdin.close(disposed);
    if (!this.#failure) {
      const ended = this.#call('dispose', {});
      const late = setTimeout(() => this.#endAll(disposed), patience);
      await ended.catch(() => {}).finally(() => clearTimeout(late));
    }
    this.#endAll(disposed);
    await this.#worker.terminate();
  }

  #call<Call extends WorkerCall>(
    call: Call,
    input: WorkerCalls[Call]['input'],
    signal?: AbortSignal,
    hears: Listeners = {},
  ): Promise<WorkerCalls[Call]['output']> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const id = this.#next++;
    let late: NodeJS.Timeout | undefined;
    const cancel = () => {
      this.#worker.postMessage({ id, call: 'cancel' });
      late = setTimeout(() => this.#leave(id, signal?.reason), patience);
    };
    signal?.addEventListener('abort', cancel, { once: true });
    if (this.#pending.size === 0) this.#worker.ref();
    const answered = new Promise<WorkerCalls[Call]['output']>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, parts: undefined, signal, hears });
      this.#worker.postMessage({ id, call, input });
    });
    return answered.finally(() => {
      signal?.removeEventListener('abort', cancel);
      clearTimeout(late);
    });
  }

  /** The thread gives up the call where it hears the cancel in time; what it answers later, nobody waits for. */
  #leave(id: number, reason: unknown): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    if (pending.hears.onDone) this.#left.set(id, pending.hears.onDone);
    this.#settle(id);
    pending.reject(reason);
  }

  /** What a listener throws fails its call, as on the caller's own thread. */
  #tell(id: number, listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#worker.postMessage({ id, call: 'cancel' });
      this.#leave(id, error);
    }
  }

  #receive(message: FromWorker): void {
    if (message.type === 'change') {
      this.#tellChange(message.id, message.report);
      return;
    }
    const pending = this.#pending.get(message.id);
    if (!pending) {
      if (message.type === 'result') this.#left.get(message.id)?.();
      if (message.type !== 'progress' && message.type !== 'warning' && message.type !== 'part')
        this.#left.delete(message.id);
      return;
    }
    if (message.type === 'progress') {
      this.#tell(message.id, () => pending.hears.onProgress?.(message.progress));
      return;
    }
    if (message.type === 'warning') {
      this.#tell(message.id, () => pending.hears.onWarning?.(message.message));
      return;
    }
    if (message.type === 'part') {
      pending.parts ??= [];
      for (const item of message.items) pending.parts.push(item);
      this.#worker.postMessage({ id: message.id, call: 'taken' });
      return;
    }
    this.#settle(message.id);
    if (message.type === 'result') {
      pending.hears.onDone?.();
      pending.resolve((pending.parts ?? message.output) as never);
    } else pending.reject(message.type === 'cancelled' ? pending.signal?.reason : revive(message.error));
  }

  #tellChange(id: number, report: ReadReport): void {
    try {
      if (this.#onChange?.id === id) this.#onChange.call(report);
    } catch {
      // No call waits that it could fail, and the watch goes on.
    }
  }

  #settle(id: number): void {
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#worker.unref();
  }

  /** The worker is gone. */
  #fail(cause: unknown): void {
    const failure = new TriviumError('internal', 'The thread that reads documents has ended.', {
      cause,
      remedy: 'Make a new library; if it ends again, report the cause.',
    });
    this.#endAll(failure);
  }

  /** Every call, now and later, fails with the first failure. */
  #endAll(failure: TriviumError): void {
    this.#failure ??= failure;
    this.#stdin.close(this.#failure);
    for (const pending of this.#pending.values()) pending.reject(this.#failure);
    this.#pending.clear();
  }
}

function revive({ code, message, ...details }: SerializedError): TriviumError {
  return new TriviumError(code, message, details);
}
