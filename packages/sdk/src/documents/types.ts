/** What a library of documents takes and gives. Offsets are UTF-16 code units, lines and pages count from 1. */

import type { PassageRanker } from './passage-ranker.js';

/** Makes one row of `width` float32 numbers of each text. The engine's models and test doubles both fit. */
export interface DocumentEmbedder {
  /** Changes whenever vectors would: part of the cache key. */
  readonly id: string;
  readonly width: number;
  embed(
    texts: readonly string[],
    options: { role: 'query' | 'passage'; signal?: AbortSignal },
  ): Promise<{ embeddings: Float32Array; inputTokens: number }>;
  /** One row a token instead of one a text: passages are then also compared with the query token by token. */
  embedTokens?(
    texts: readonly string[],
    options: { role: 'query' | 'passage'; signal?: AbortSignal },
  ): Promise<EmbeddedTokens>;
  dispose?(): Promise<void>;
}

/** Rows of text i, (tokens, width), lie from `offsets[i]` to `offsets[i + 1]`. */
export interface EmbeddedTokens {
  rows: Float32Array;
  offsets: Int32Array;
}

export interface LibraryOptions {
  /** Where indexes are kept between runs; `false` keeps none. Default: TRIVIUM_CACHE_DIR or the system's cache folder. */
  cacheDir?: string | false;
  /**
   * Bytes that the kept indexes may take together, over all libraries that share the folder; default 1 GiB. After each
   * writing the least recently used ones go, save the one just written.
   */
  cacheBytes?: number;
  /** File of the static embedding model; `false` uses none. Default: the one in `@trivium/nano`. */
  staticModel?: string | false;
  /**
   * File or folder of the contextual embedder that helps to order the best documents; one that is named here looks at the best
   * passages too, and keeps a vector of each it has seen. `false` uses none. Default: `@trivium/nano`'s.
   */
  embedModel?: string | false;
  /**
   * File or folder of the cross-encoder that reads the best passages of a hybrid search together with the query; `false` uses
   * none. Default: `@trivium/nano`'s.
   */
  rankModel?: string | false;
  /** Files larger than this many bytes are skipped with a reason; default 64 MiB. */
  maxFileBytes?: number;
  /**
   * A folder, absolute and real: documents elsewhere, if only by way of a link, are skipped with a reason. For callers who
   * may name paths but not all of them.
   */
  within?: string;
  /** What "-" reads; default `process.stdin`. */
  stdin?: AsyncIterable<Uint8Array>;
  /** Work on the calling thread instead of a worker; for tests and for bundles without the worker file. */
  inProcess?: boolean;
  /** With `inProcess`: models to use in place of files. */
  embedders?: { static?: DocumentEmbedder; contextual?: DocumentEmbedder; ranker?: PassageRanker };
  /** The built worker, where a bundler has moved it. */
  workerFile?: string | URL;
}

export interface ReadingProgress {
  path: string;
  done: number;
  total: number;
}

export interface ReadOptions {
  signal?: AbortSignal;
  /** What it throws fails the reading. */
  onProgress?: (progress: ReadingProgress) => void;
  /** Keep reading what changes on disk until the library is disposed of or reads again. */
  watch?: boolean;
  /**
   * With `watch`: called after each re-reading that found a change, also one that came while this reading ran. What it throws
   * is dropped.
   */
  onChange?: (report: ReadReport) => void;
}

export interface ReadReport {
  documents: number;
  bytes: number;
  characters: number;
  /** Tokens of the static model, measured over the passages; an estimate where no model is loaded. */
  tokens: number;
  chunks: number;
  /** Documents read anew this time. */
  changed: number;
  skipped: { path: string; reason: string }[];
  /**
   * What works less well than it could: no vectors and why, cache not written, pages of a PDF that are damaged, encodings that
   * were guessed. What is said of several files names three of them.
   */
  warnings: string[];
  ms: number;
}

export type SearchMode = 'hybrid' | 'lexical' | 'static';

export type SearchLevel = 'passage' | 'document' | 'citation';

export interface SearchOptions {
  /** Hits at most, from 1; default 10. */
  limit?: number;
  signal?: AbortSignal;
  /**
   * Default `hybrid`: words and static vectors, and on the best candidates the ranker, or for documents the contextual
   * embedder.
   */
  mode?: SearchMode;
  /**
   * `document`: one hit per document, its best passage shown. `citation`: ranges of at most 1,000 characters, cut where the
   * answer is likeliest; none overlaps another, and the score is how likely the answer stands there. Default `passage`.
   */
  level?: SearchLevel;
  /** Hits of a hybrid search also say what their score is made of; default false. */
  explain?: boolean;
  /**
   * Told what works less well than it could where this search is the first to meet it; later readings report it too. What it
   * throws fails the search.
   */
  onWarning?: (message: string) => void;
}

/**
 * A place in a file. For text formats `text` is the file's decoded text from `start` to `end`: of one in UTF-8 what
 * `readFileSync(path, 'utf8').slice(start, end)` gives, for a byte order mark counts as its first character.
 */
export interface FilePlace {
  start: number;
  end: number;
  line: number;
  page?: number;
}

export interface SearchHit extends FilePlace {
  path: string;
  text: string;
  /** Higher is better; comparable within one search only. */
  score: number;
  /** With `explain`: the parts of the score by name, before they are scaled and weighted. */
  parts?: Record<string, number>;
  /** With `explain`: what models read of it, its title and headings as one line, and its words. */
  read?: { above: string; text: string };
  /** Of a citation: the spans of its text that answer likeliest, best first; offsets into `text`, headings are left out. */
  likely?: { start: number; end: number; share: number; isCode?: true }[];
  /**
   * Of a citation with `explain`: the spans it is made of, by offsets into the document's text, how likely each answers, and the
   * parts of that by name, where there are any.
   */
  spans?: { start: number; end: number; share: number; parts?: Record<string, number> }[];
}

/** A passage of at most 1,000 characters. */
export interface Passage extends FilePlace {
  path: string;
  text: string;
  title: string;
  /** Headings above the passage, outermost first. */
  headings: string[];
  /** Where it stands in `SourceText.text`; differs from `start` and `end` in HTML only. */
  textStart: number;
  textEnd: number;
}

export const blockKinds = ['heading', 'paragraph', 'code', 'list', 'table'] as const;
export type BlockKind = (typeof blockKinds)[number];

export interface Block {
  kind: BlockKind;
  /** Offsets into `SourceText.text`. */
  start: number;
  end: number;
  /** Of a heading, from 1. */
  level?: number;
}

export interface SourceText {
  path: string;
  /** The decoded file, its byte order mark included; of HTML and PDF the text taken from it. */
  text: string;
  mediaType: string;
  title: string;
  blocks: Block[];
  /** Offsets at which pages begin, where the format has pages. */
  pages?: Int32Array;
  /** Where pieces of an HTML text stand in the file; see `placeInFile`. */
  runs?: Int32Array;
}

export interface Library extends AsyncDisposable {
  /**
   * Makes the library hold exactly what `paths` name; what did not change since the last reading is kept.
   * @param paths files, folders and globs. Of what lies in a folder or fits a wildcard, what .gitignore leaves out is not read, nor
   * are hidden names and `node_modules`, `venv` and `__pycache__`; what is named itself is.
   * @throws TriviumError `not-found` for a path that is not there; an abort rejects with the signal's reason.
   */
  read(paths: readonly string[], options?: ReadOptions): Promise<ReadReport>;
  /**
   * @param query of which the first 2,000 characters count; one without a word finds nothing
   * @throws TriviumError `unsupported` for mode `static` without a static model
   */
  search(query: string, options?: SearchOptions): Promise<SearchHit[]>;
  passages(): Promise<Passage[]>;
  /** @throws TriviumError `not-found` for a path the library does not hold. */
  document(path: string): Promise<SourceText>;
  paths(): Promise<string[]>;
  /** Whether it answers no more: it was disposed of, or its thread died. */
  readonly ended: boolean;
  /** Ends what is being read: it rejects with `disposed`. */
  dispose(): Promise<void>;
}

/** What a reader makes of a file. */
export interface ParsedSource {
  text: string;
  mediaType: string;
  title: string;
  blocks: Block[];
  pages?: Int32Array;
  runs?: Int32Array;
  /** What of the file could not be read, or only by a guess. */
  warnings?: string[];
}

/** Why a file is not read: becomes an entry of `skipped`, never an exception of `read`. */
export class SkippedFile extends Error {}
