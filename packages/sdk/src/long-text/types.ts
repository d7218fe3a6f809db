/** What the long-text client takes and gives. Offsets are UTF-16 code units into a source's text. */
import type { ChunkProgress, Citation, SourceWarning } from '@trivium/protocol';
import type { AnyLanguageModel } from '../base/ai-sdk.js';
import type { Library } from '../documents/types.js';

/** Makes one vector of each text. They need not be normalised; all have one length. */
export type EmbedTexts = (
  texts: readonly string[],
  options?: { signal?: AbortSignal },
) => Promise<Float32Array[]>;

/** The part of a library that the client uses. */
export type LongTextLibrary = Pick<Library, 'read' | 'search' | 'document' | 'paths'>;

export interface LongTextOptions {
  library?: LongTextLibrary;
  /** Embeds sentences; without it overlap of words stands in. */
  embed?: EmbedTexts;
  /** With a language model `ask` and `summarize` are abstractive. */
  model?: AnyLanguageModel;
  /** Tokens the model's context holds, prompt and answer together; default: what a model of Trivium says, else 8,192. */
  contextTokens?: number;
  /**
   * Counts the tokens of a text; default: by a model of Trivium, else an estimate from its characters. `write` takes
   * fractions as the next whole number.
   */
  countTokens?: (text: string) => Promise<number>;
}

export interface CallOptions {
  /** Overrides the client's model for this call; `false` asks for quotes. */
  model?: AnyLanguageModel | false;
  signal?: AbortSignal;
}

export interface AskOptions extends CallOptions {
  /** Citations at most, from 1; default 3. With a model the first that its text makes, default 8. */
  limit?: number;
}

/**
 * Of a source that the model cannot hold at once: how many of its chunks have become notes, and once before, where there are
 * many, how many calls that takes.
 */
export type SummarizeProgress = ChunkProgress | SourceWarning;

export interface SummarizeOptions extends CallOptions {
  /** Documents of the library to summarize; default: all. */
  paths?: readonly string[];
  /** Text to summarize in place of documents; its citations have the path "-". */
  text?: string;
  /** Length in words; Chinese counts as characters / 1.6. Default 150. Not together with `ratio`. */
  words?: number;
  /** Length as a share of the source, over 0 to 1. */
  ratio?: number;
  /** What the summary should be about. */
  query?: string;
  onProgress?: (progress: SummarizeProgress) => void;
}

export interface Answer {
  text: string;
  citations: Citation[];
  mode: 'extractive' | 'abstractive';
  /** What was dropped or could not be done: unsupported citations, nothing found. */
  warnings: string[];
  ms: number;
}

export interface Summary extends Answer {
  sourceTokens: number;
}
