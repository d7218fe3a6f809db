/** The HTTP server: OpenAI's interface, the AI SDK's UI streams, capabilities and jobs, as a handler or a listening server. */
export { createHandler, type Handler } from './create-handler.js';
export { callerOf } from './gate/caller.js';
export { type CloseOptions, nodeListener, type RunningServer, type ServeSettings, serve } from './serve.js';
export type { AnyEmbeddingModel, AnyRerankingModel, ServedModel } from './served-models.js';
export type { HandlerSettings, MountedHandler, RequestLogEntry } from './settings.js';
export { FileStreamStore, type FileStreamStoreSettings } from './ui/file-stream-store.js';
export { MemoryStreamStore, type MemoryStreamStoreSettings } from './ui/memory-stream-store.js';
export type { StoredStream, StreamEnd, StreamStore, StreamWriter } from './ui/stream-store.js';
