/** Documents: read files, folders and globs into passages with positions, and search them. */
export { collectFiles, type FoundFile, type FoundFiles } from './collect-files.js';
export { createLibrary } from './create-library.js';
export {
  assertDocument,
  type DocumentText,
  documentMediaType,
  documentText,
  LastDocumentText,
} from './document-text.js';
export type { PassageRanker, RankedPassage } from './passage-ranker.js';
export { placeInFile } from './places.js';
export { sentenceEnds } from './sentences.js';
export type {
  Block,
  BlockKind,
  DocumentEmbedder,
  EmbeddedTokens,
  FilePlace,
  Library,
  LibraryOptions,
  Passage,
  ReadingProgress,
  ReadOptions,
  ReadReport,
  SearchHit,
  SearchLevel,
  SearchMode,
  SearchOptions,
  SourceText,
} from './types.js';
