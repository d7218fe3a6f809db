/** Makes a library: in a worker thread, or on the calling thread where that is asked for or no worker file is there. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TriviumError } from '@trivium/protocol/errors';
import { StandardInput } from './standard-input.js';
import type { Library, LibraryOptions } from './types.js';
import { WorkerLibrary } from './worker-library.js';

/**
 * A library of documents to read and search. Dispose of it when done: it holds a thread and models.
 *
 * @example
 * await using library = await createLibrary();
 * await library.read(['./docs']);
 * const [hit] = await library.search('How do I stop a stream?');
 */
export async function createLibrary(options: LibraryOptions = {}): Promise<Library> {
  if (options.inProcess || options.embedders) return inProcessLibrary(options);
  const workerFile = options.workerFile ?? builtWorker();
  if (!workerFile) return inProcessLibrary(options);
  await keepEngineLoaded();
  return new WorkerLibrary(workerFile, options);
}

/**
 * Loads the engine on this thread too: an addon leaves memory with the last thread that loaded it, and threads of the engine
 * may be at work still. Without this a process that exits while a library lives ends in a segmentation fault, but on Linux,
 * whose binaries stay mapped.
 */
async function keepEngineLoaded(): Promise<void> {
  try {
    const { getEngine } = await import('@trivium/native');
    getEngine();
  } catch {
    // The worker says what is missing where it needs it; text alone needs nothing.
  }
}

/**
 * The built worker: below the chunk that holds this code, or in `dist` where the source itself runs. Said in one expression
 * over two names, so that tracers of files (Next's, nft) take the worker along and not the whole folder.
 */
function builtWorker(): URL | undefined {
  const isSource = import.meta.url.endsWith('.ts');
  const url = new URL(isSource ? '../../dist/documents/worker.js' : './documents/worker.js', import.meta.url);
  return existsSync(fileURLToPath(url)) ? url : undefined;
}

/** Its code is loaded here alone: with a worker, this thread parses nothing. */
async function inProcessLibrary(options: LibraryOptions): Promise<Library> {
  const { LibraryCore } = await import('./library-core.js');
  const core = new LibraryCore(options);
  const input = new StandardInput(options.stdin);
  const dispose = () => {
    input.close(new TriviumError('disposed', 'The library was disposed of.'));
    return core.dispose();
  };
  return {
    read: async (paths, readOptions = {}) => {
      const stdin = paths.includes('-') && (await input.read(readOptions.signal));
      return core.read(paths, { ...readOptions, ...(stdin && { stdin }) });
    },
    search: (query, searchOptions) => core.search(query, searchOptions),
    passages: async () => [...core.passages()],
    document: async (path) => core.document(path),
    paths: async () => core.paths(),
    get ended() {
      return core.disposed;
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}
