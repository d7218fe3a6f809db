/**
 * The library itself, on the thread it is called on: reads what changed, keeps one finished index to search in, and
 * replaces it as a whole. Knows nothing of workers and messages.
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { TriviumError } from '@trivium/protocol/errors';
import { assertWholeNumber } from '../base/whole-number.js';
import { collectFiles } from './collect-files.js';
import { ContextualVectors } from './contextual-vectors.js';
import { DocumentModels } from './document-models.js';
import { defaultMaxFileBytes } from './document-text.js';
import { chunkCount, type IndexedDocument, sourceTextOf } from './indexed-document.js';
import { KeptIndex } from './kept-index.js';
import { type ReadBytes, readFiles, readStandardInput } from './read-files.js';
import { SearchIndex } from './search-index.js';
import type {
  LibraryOptions,
  Passage,
  ReadOptions,
  ReadReport,
  SearchHit,
  SearchOptions,
  SourceText,
} from './types.js';
import { watchRoots } from './watch-roots.js';

export type CoreOptions = Pick<
  LibraryOptions,
  | 'cacheDir'
  | 'cacheBytes'
  | 'staticModel'
  | 'embedModel'
  | 'rankModel'
  | 'maxFileBytes'
  | 'embedders'
  | 'within'
>;

export type CoreReadOptions = ReadOptions & {
  /** What "-" holds. */
  stdin?: Uint8Array;
};

type Skipped = ReadReport['skipped'];
type Concerns = Parameters<typeof watchRoots>[2];

export class LibraryCore {
  readonly #options: CoreOptions;
  readonly #readBytes: ReadBytes;
  readonly #models: DocumentModels;
  readonly #contextual = new ContextualVectors();
  #index = new SearchIndex([]);
  readonly #kept: KeptIndex;
  #reading: Promise<unknown> = Promise.resolve();
  #stopWatching: (() => void) | undefined;
  readonly #disposed = new AbortController();

  /**
   * @param readBytes a file, at once on a thread for which nobody else waits: the way to the pool of threads and back takes
   *   many times what a small file does
   */
  constructor(options: CoreOptions = {}, readBytes: ReadBytes = (file) => readFile(file)) {
    this.#options = options;
    this.#readBytes = readBytes;
    this.#models = new DocumentModels(options);
    this.#kept = new KeptIndex(options);
  }

  /**
   * Readings wait for each other; searches meanwhile answer from the last finished index. One that fails leaves all as it
   * was, also what is watched.
   */
  read(paths: readonly string[], options: CoreReadOptions = {}): Promise<ReadReport> {
    this.#assertLive();
    const reading = this.#reading.then(async () => {
      const { report, roots, concerns } = await this.#read(paths, options);
      this.#endWatch();
      if (options.watch && !this.disposed) this.#watch(paths, options, roots, concerns);
      return report;
    });
    this.#reading = reading.catch(() => {});
    return reading;
  }

  async search(query: string, options: SearchOptions = {}): Promise<SearchHit[]> {
    this.#assertLive();
    const { limit = 10 } = options;
    assertWholeNumber('limit', limit, 1);
    const embedder = options.mode === 'lexical' ? undefined : await this.#models.static();
    const models = {
      static: embedder,
      contextual: () => this.#models.contextual(),
      passages: () => this.#models.passageEmbedder(),
      vectors: this.#contextual,
      ranker: () => this.#models.ranker(),
    };
    const known = this.#models.warnings();
    const hits = await this.#index.search(query, options, models);
    for (const warning of this.#models.warnings()) if (!known.includes(warning)) options.onWarning?.(warning);
    return hits;
  }

  passages(): Iterable<Passage> {
    this.#assertLive();
    return this.#index.passages();
  }

  document(path: string): SourceText {
    this.#assertLive();
    const document = this.#index.find(path) ?? this.#index.find(resolve(path));
    if (document) return sourceTextOf(document);
    throw new TriviumError('not-found', `The library holds no document ${path}.`, {
      file: path,
      remedy: 'Read it first.',
    });
  }

  paths(): string[] {
    this.#assertLive();
    return this.#index.documents.map(({ path }) => path);
  }

  get disposed(): boolean {
    return this.#disposed.signal.aborted;
  }

  /** Ends what is being read. */
  async dispose(): Promise<void> {
    if (this.disposed) return;
    this.#disposed.abort(new TriviumError('disposed', 'The library was disposed of.'));
    this.#endWatch();
    await this.#reading;
    await this.#models.dispose();
  }

  /** @param isLook that of a watch: it skips what is gone, and leaves no trace where nothing is new, for it would hear that */
  async #read(paths: readonly string[], given: CoreReadOptions, isLook = false) {
    const began = performance.now();
    const signal = AbortSignal.any([this.#disposed.signal, ...(given.signal ? [given.signal] : [])]);
    signal.throwIfAborted();
    const { within, maxFileBytes = defaultMaxFileBytes } = this.#options;
    const found = await collectFiles(paths, { signal, within, skipMissing: isLook });
    const { roots } = found;
    const embedder = await this.#models.static();
    const { known, isIndex, keep } = await this.#kept.open(paths, roots, embedder);
    const files = found.files.filter(({ absolutePath }) => !isIndex(absolutePath));
    const reading = await readFiles(files, known, {
      readBytes: this.#readBytes,
      embedder,
      maxFileBytes,
      signal,
      onProgress: given.onProgress,
    });
    const { documents, unreadable, changed } = reading;
    if (given.stdin) documents.push(await readStandardInput(given.stdin, known.get('-'), embedder, signal));
    signal.throwIfAborted();
    const warnings = this.#models.warnings();
    if (!showsSame(this.#index.documents, documents)) {
      const index = new SearchIndex(documents);
      await new Promise(setImmediate); // a cancel that arrived meanwhile is heard before anything changes
      signal.throwIfAborted();
      this.#index = index;
    }
    warnings.push(...(await keep([...documents, ...unreadable], isLook)));
    const concerns: Concerns = (root, inside) =>
      found.mayBeRead(root, inside) && !isIndex(join(root, inside));
    const skipped = [...found.skipped, ...reading.skipped];
    return { report: reportOf(documents, changed, skipped, warnings, began), roots, concerns };
  }

  #watch(
    paths: readonly string[],
    options: CoreReadOptions,
    roots: readonly string[],
    concerns: Concerns,
  ): void {
    const look = () => {
      const reading = this.#reading.then(async () => {
        // Another reading may have taken its place while this one waited.
        if (this.#stopWatching !== stop) return false;
        const before = this.#index;
        // What is gone may come back, and what else is watched goes on.
        const { report } = await this.#read(paths, options.stdin ? { stdin: options.stdin } : {}, true);
        if (this.#index === before) return false;
        options.onChange?.(report);
        return true;
      });
      const isNew = reading.catch(() => false);
      this.#reading = isNew;
      return isNew;
    };
    const stop = watchRoots(roots, look, concerns);
    this.#stopWatching = stop;
    void look(); // nobody listened while the files were read
  }

  #endWatch(): void {
    this.#stopWatching?.();
    this.#stopWatching = undefined;
  }

  #assertLive(): void {
    this.#disposed.signal.throwIfAborted();
  }
}

/** Whether a search finds the same in both: documents that differ in their times alone share their passages. */
function showsSame(before: readonly IndexedDocument[], now: readonly IndexedDocument[]): boolean {
  const isSame = ({ path, chunks }: IndexedDocument, at: number) =>
    path === now[at]?.path && chunks === now[at].chunks;
  return before.length === now.length && before.every(isSame);
}

function reportOf(
  documents: IndexedDocument[],
  changed: number,
  skipped: Skipped,
  warnings: string[],
  began: number,
): ReadReport {
  const sum = (of: (document: IndexedDocument) => number) =>
    documents.reduce((total, document) => total + of(document), 0);
  return {
    documents: documents.length,
    bytes: sum(({ size }) => size),
    characters: sum(({ text }) => text.length),
    tokens: sum(({ tokens }) => tokens),
    chunks: sum(chunkCount),
    changed,
    skipped: skipped.sort((a, b) => (a.path < b.path ? -1 : 1)),
    warnings: [...warnings, ...damageOf(documents)],
    ms: performance.now() - began,
  };
}

/** Files that a warning of many names. */
const namedFiles = 3;

/** What is to be said of the files, each once: a folder in an old encoding has it said of all. */
function damageOf(documents: readonly IndexedDocument[]): string[] {
  const files = new Map<string, string[]>();
  for (const { path, warnings = [] } of documents) {
    for (const warning of warnings) {
      const paths = files.get(warning) ?? [];
      paths.push(path === '-' ? 'standard input' : path);
      files.set(warning, paths);
    }
  }
  return Array.from(files, ([warning, paths]) => {
    const more = paths.length > namedFiles ? ` and ${paths.length - namedFiles} more` : '';
    return `${paths.slice(0, namedFiles).join(', ')}${more}: ${warning}`;
  });
}
