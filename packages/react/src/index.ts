'use client';

/** Hooks and headless components over a Trivium server. Imports the protocol and React, nothing of the engine. */
export {
  type CitationList,
  CitationMarkers,
  type CitationMarkersProps,
  Citations,
  type CitationsProps,
  CitedText,
  type CitedTextProps,
  citationPlace,
} from './components/citations.js';
export { Sections, type SectionsProps, Stages, type StagesProps } from './components/stages.js';
export { StreamingText, type StreamingTextProps } from './components/streaming-text.js';
export { TriviumProvider, type TriviumProviderProps, useEndpoint } from './hooks/trivium-provider.js';
export { type CapabilityState, type UseCapabilityOptions, useCapability } from './hooks/use-capability.js';
export { type Documents, type DocumentsCall, useDocuments } from './hooks/use-documents.js';
export { type JobState, type JobsState, useJob, useJobs } from './hooks/use-jobs.js';
export { type LongTextState, useLongText } from './hooks/use-long-text.js';
export { type UploadsState, useUploads } from './hooks/use-uploads.js';
export type * from './stores/index.js';
