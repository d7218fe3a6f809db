/** Documents: read files, folders and globs into passages with positions, and search them. */
export { createLibrary } from './create-library.js';
export { placeInFile } from './places.js';
export { sentenceEnds } from './sentences.js';
export type {
  Block,
  BlockKind,
  DocumentEmbedder,
  FilePlace,
  Library,
  LibraryOptions,
  Passage,
  ReadingProgress,
  ReadOptions,
  ReadReport,
  SearchHit,
  SearchMode,
  SearchOptions,
  SourceText,
} from './types.js';
