/** What the routes of one server share. */
import type { Host } from '../host/index.js';
import type { ServedFolder } from '../served/index.js';
import type { ServerMetrics } from './metrics.js';
import type { ScratchFolders } from './scratch/scratch-folders.js';
import type { ServedModels } from './served-models.js';
import type { ChatStreams } from './ui/chat-streams.js';

export interface ServerContext {
  readonly host: Host;
  /** What callers are held to: its capabilities, its paths, and jobs as they know them. */
  readonly folder: ServedFolder;
  /** Where the paths begin; empty at the root. */
  readonly basePath: string;
  readonly models: ServedModels;
  readonly metrics: ServerMetrics;
  readonly chats: ChatStreams;
  /** Absent where nothing may be written. */
  readonly scratch: ScratchFolders | undefined;
}
