/**
 * The library itself, on the thread it is called on: reads what changed, keeps one finished index to search in, and
 * replaces it as a whole. Knows nothing of workers and messages.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { TriviumError } from '@trivium/protocol/errors';
import { defaultCacheFolder } from '../base/cache-folder.js';
import { markUsed, pruneFolder } from '../base/prune-folder.js';
import { assertWholeNumber } from '../base/whole-number.js';
import { collectFiles, type FoundFile, reasonOf } from './collect-files.js';
import { ContextualVectors } from './contextual-vectors.js';
import { DocumentModels } from './document-models.js';
import { defaultMaxFileBytes } from './document-text.js';
import {
  cacheFile,
  defaultCacheBytes,
  indexFiles,
  isIndexBeside,
  loadIndex,
  saveIndex,
} from './index-cache.js';
import {
  chunkCount,
  type FileFacts,
  type IndexedDocument,
  indexDocument,
  isUnreadable,
  type KnownFile,
  sourceTextOf,
  type UnreadableFile,
} from './indexed-document.js';
import { readSource } from './readers/read-source.js';
import { SearchIndex } from './search-index.js';
import { Turns } from './turns.js';
import {
  type DocumentEmbedder,
  type LibraryOptions,
  type Passage,
  type ReadOptions,
  type ReadReport,
  type SearchHit,
  type SearchOptions,
  SkippedFile,
  type SourceText,
} from './types.js';
import { VectorBatches } from './vector-batches.js';
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
type ReadBytes = (file: string) => Uint8Array | Promise<Uint8Array>;

export class LibraryCore {
  readonly #options: CoreOptions;
  readonly #readBytes: ReadBytes;
  readonly #models: DocumentModels;
  readonly #contextual = new ContextualVectors();
  #index = new SearchIndex([]);
  /** What the last reading found, with what is no document. The index may hold the same under older times. */
  #files: readonly KnownFile[] = [];
  /** Where the index on disk belongs, and whether it holds just these files. */
  #key: string | undefined;
  #isKept = false;
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
    const options = { ...given, signal };
    signal.throwIfAborted();
    const { within } = this.#options;
    const found = await collectFiles(paths, { signal, within, skipMissing: isLook });
    const { skipped, roots } = found;
    const embedder = await this.#models.static();
    const cache = this.#cacheFileFor(paths, roots, embedder);
    const isIndex = (path: string) => cache !== undefined && isIndexBeside(cache, path);
    const files = found.files.filter(({ absolutePath }) => !isIndex(absolutePath));
    const kept = await this.#keptFiles(cache);
    const known = this.#known(kept, embedder);
    const reading = await this.#readFiles(files, known, skipped, embedder, options);
    const { documents, unreadable, changed } = reading;
    if (options.stdin) {
      const before = known.get('-');
      documents.push(await this.#readStandardInput(options.stdin, before, embedder, signal));
    }
    signal.throwIfAborted();
    const warnings = this.#models.warnings();
    if (!showsSame(this.#index.documents, documents)) {
      const index = new SearchIndex(documents);
      await new Promise(setImmediate); // a cancel that arrived meanwhile is heard before anything changes
      signal.throwIfAborted();
      this.#index = index;
    }
    this.#files = [...documents, ...unreadable];
    this.#key = cache;
    this.#isKept = cache !== undefined && (await this.#keep(cache, kept, warnings, isLook));
    const concerns: Concerns = (root, inside) =>
      found.mayBeRead(root, inside) && !isIndex(join(root, inside));
    return { report: this.#report(documents, changed, skipped, warnings, began), roots, concerns };
  }

  #report(
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

  /** Changes nothing that is known: the index holds it, and the reading may yet be given up. */
  async #readFiles(
    files: readonly FoundFile[],
    known: ReadonlyMap<string, KnownFile>,
    skipped: Skipped,
    embedder: DocumentEmbedder | undefined,
    { signal, onProgress }: CoreReadOptions,
  ) {
    const documents: IndexedDocument[] = [];
    const unreadable: UnreadableFile[] = [];
    const batches = new VectorBatches(embedder, signal);
    let changed = 0;
    const turns = new Turns(signal);
    for (const [done, file] of files.entries()) {
      await turns.next();
      const before = known.get(file.absolutePath);
      try {
        this.#assertSize(file);
        const now =
          before && isUnchanged(before, file)
            ? named(before, file.path)
            : await this.#readFile(file, before, signal);
        if (isUnreadable(now)) {
          unreadable.push(now);
          skipped.push({ path: file.path, reason: now.reason });
        } else {
          documents.push(now);
          if (now.hash !== before?.hash) {
            changed++;
            await batches.add(now);
          }
        }
      } catch (error) {
        if (!(error instanceof SkippedFile) && !(error as NodeJS.ErrnoException).code?.startsWith?.('E'))
          throw error;
        skipped.push({ path: file.path, reason: reasonOf(error) });
      }
      onProgress?.({ path: file.path, done: done + 1, total: files.length });
    }
    await batches.finish();
    await turns.next();
    return { documents, unreadable, changed };
  }

  /** Also of files that are indexed already: the index may be of a library that takes larger ones. */
  #assertSize({ size }: FoundFile): void {
    const limit = this.#options.maxFileBytes ?? defaultMaxFileBytes;
    if (size > limit) throw new SkippedFile(`${size} bytes, more than maxFileBytes allows (${limit})`);
  }

  /** What was known before, where its content is the same after all. */
  async #readFile(
    file: FoundFile,
    before: KnownFile | undefined,
    signal: AbortSignal | undefined,
  ): Promise<KnownFile> {
    const readAt = Date.now();
    const bytes = await this.#readBytes(file.absolutePath);
    const hash = hashOf(bytes);
    if (before?.hash === hash) {
      const again = { ...before, ...file, readAt };
      // Where it is read again all the same, as one dated ahead is, a later reading is nothing to write down.
      return isNamedAndDated(before, file) && !isUnchanged(again, file) ? before : again;
    }
    const facts = { ...file, readAt, hash };
    try {
      return indexDocument(facts, await readSource(file.path, bytes, signal));
    } catch (error) {
      if (error instanceof SkippedFile) return { ...facts, reason: reasonOf(error) };
      throw error;
    }
  }

  async #readStandardInput(
    bytes: Uint8Array,
    before: KnownFile | undefined,
    embedder: DocumentEmbedder | undefined,
    signal?: AbortSignal,
  ): Promise<IndexedDocument> {
    const hash = hashOf(bytes);
    if (before && !isUnreadable(before) && before.hash === hash) return before;
    const times = { mtimeMs: 0, ctimeMs: 0, ino: 0, readAt: 0 };
    const facts = { path: '-', absolutePath: '-', size: bytes.length, ...times, hash };
    try {
      const document = indexDocument(facts, await readSource('-', bytes, signal));
      const batches = new VectorBatches(embedder, signal);
      await batches.add(document);
      await batches.finish();
      return document;
    } catch (error) {
      if (!(error instanceof SkippedFile)) throw error;
      throw new TriviumError('bad-format', `Standard input cannot be read: ${error.message}.`, { file: '-' });
    }
  }

  #cacheFileFor(
    paths: readonly string[],
    roots: string[],
    embedder: DocumentEmbedder | undefined,
  ): string | undefined {
    const { cacheDir = defaultCacheFolder() } = this.#options;
    if (cacheDir === false || paths.includes('-')) return undefined;
    return cacheFile(cacheDir, [[...roots].sort(), [...new Set(paths)].sort(), embedder?.id ?? '']);
  }

  /** What the index on disk holds: as this library left it, or an earlier run. */
  async #keptFiles(cache: string | undefined): Promise<readonly KnownFile[]> {
    if (cache === undefined) return [];
    if (cache !== this.#key) return loadIndex(cache);
    return this.#isKept ? this.#files : [];
  }

  /** By absolute path: documents with the vectors now wanted, and what is none. What is kept on disk goes first. */
  #known(kept: readonly KnownFile[], embedder: DocumentEmbedder | undefined): ReadonlyMap<string, KnownFile> {
    const fits = (file: KnownFile) =>
      isUnreadable(file) || file.chunks.length === 0 || file.vectors?.width === embedder?.width;
    const fitting = [...this.#files, ...kept].filter(fits);
    return new Map(fitting.map((file) => [file.absolutePath, file]));
  }

  /** Whether the index on disk now holds the files of this reading; `kept` is what it held before. */
  async #keep(
    cache: string,
    kept: readonly KnownFile[],
    warnings: string[],
    isLook: boolean,
  ): Promise<boolean> {
    if (holdsSame(kept, this.#files) && (isLook || (await markUsed(cache)))) return true;
    try {
      await saveIndex(cache, this.#files);
    } catch (error) {
      const { message } = TriviumError.from(error);
      warnings.push(
        `The index was not kept for the next run (${message}); reading and searching work all the same.`,
      );
      return false;
    }
    try {
      await pruneFolder(dirname(cache), indexFiles, this.#options.cacheBytes ?? defaultCacheBytes, cache);
    } catch (error) {
      const { message } = TriviumError.from(error);
      warnings.push(`Indexes of earlier runs could not be removed (${message}): the cache may be too large.`);
    }
    return true;
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

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const named = (file: KnownFile, path: string): KnownFile => (file.path === path ? file : { ...file, path });

/** Whether the very same files are in both, in any order. */
function holdsSame(kept: readonly KnownFile[], files: readonly KnownFile[]): boolean {
  const held = new Set(kept);
  return held.size === files.length && files.every((file) => held.has(file));
}

/** Whether a search finds the same in both: documents that differ in their times alone share their passages. */
function showsSame(before: readonly IndexedDocument[], now: readonly IndexedDocument[]): boolean {
  const isSame = ({ path, chunks }: IndexedDocument, at: number) =>
    path === now[at]?.path && chunks === now[at].chunks;
  return before.length === now.length && before.every(isSame);
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

const isNamedAndDated = (before: FileFacts, file: FoundFile) =>
  before.path === file.path && isDated(before, file);

const isDated = (before: FileFacts, { size, mtimeMs, ctimeMs, ino }: FoundFile) =>
  size === before.size && mtimeMs === before.mtimeMs && ctimeMs === before.ctimeMs && ino === before.ino;

const isUnchanged = (before: FileFacts, file: FoundFile) =>
  isDated(before, file) && Math.max(file.mtimeMs, file.ctimeMs) < before.readAt - 20;
