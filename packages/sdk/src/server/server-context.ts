/** What the routes of one server share. */
import type { Plugin } from '@trivium/protocol';
import type { Host } from '../host/index.js';
import type { ServedJobs } from '../served/index.js';
import { type Confinement, mayUseHub, type Permissions } from '../served/index.js';
import type { ServerMetrics } from './metrics.js';
import type { ScratchFolders } from './scratch/scratch-folders.js';
import type { ServedModels } from './served-models.js';
import type { ChatStreams } from './ui/chat-streams.js';

export interface ServerContext {
  readonly host: Host;
  readonly plugins: readonly Plugin[];
  readonly permissions: Permissions;
  /** Absolute; nothing outside it is opened on a caller's word. */
  readonly root: string;
  /** Where the paths begin; empty at the root. */
  readonly basePath: string;
  readonly models: ServedModels;
  /** Jobs as callers know them, in the server's words. */
  readonly jobs: ServedJobs;
  readonly metrics: ServerMetrics;
  readonly chats: ChatStreams;
  /** Absent where nothing may be written. */
  readonly scratch: ScratchFolders | undefined;
}

/** What a caller's input is held to. */
export const confinementOf = ({
  root,
  permissions,
}: Pick<ServerContext, 'root' | 'permissions'>): Confinement => ({ root, hub: mayUseHub(permissions) });
