/** Staged writing: `summary`, `expand`, `polish`, from documents to a text of a given length with checked citations. */
export { checkpointNames } from './checkpoint-file.js';
export { settle } from './settings.js';
export { startWriting } from './start-writing.js';
export type { StageOptions, WriteOptions, Writing, WrittenText } from './types.js';
