/** Makes a library: in a worker thread, or on the calling thread where that is asked for or no worker file is there. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LibraryCore } from './library-core.js';
import { readStandardInput } from './standard-input.js';
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
  return workerFile ? new WorkerLibrary(workerFile, options) : inProcessLibrary(options);
}

/** The worker beside this file, or, where this code was put into a shared chunk, in the folder `documents`. */
function builtWorker(): URL | undefined {
  const candidates = [
    './documents/worker.js',
    './worker.js',
    '../documents/worker.js',
    '../../dist/documents/worker.js',
  ];
  return candidates
    .map((path) => new URL(path, import.meta.url))
    .find((url) => existsSync(fileURLToPath(url)));
}

function inProcessLibrary(options: LibraryOptions): Library {
  const core = new LibraryCore(options);
  const stdin = readStandardInput(options.stdin);
  return {
    read: async (paths, readOptions = {}) =>
      core.read(paths, { ...readOptions, ...(paths.includes('-') && { stdin: await stdin() }) }),
    search: (query, searchOptions) => core.search(query, searchOptions),
    passages: async () => [...core.passages()],
    document: async (path) => core.document(path),
    paths: async () => core.paths(),
    dispose: () => core.dispose(),
    [Symbol.asyncDispose]: () => core.dispose(),
  };
}
