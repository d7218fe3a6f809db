/** What the host and the worker of a plugin tell each other. Plain data: it is cloned on its way. */
import type { SerializedError } from '@trivium/protocol';
import type { HostSettings } from '../host/host.js';

/** The worker's start: the module of the plugin and the settings of its own host. */
export interface WorkerStart {
  url: string;
  name: string;
  host: HostSettings;
}

export type ToWorker =
  | { type: 'call'; call: number; capability: string; input: unknown }
  /** The next step of a call is wanted; the worker runs ahead by none. */
  | { type: 'next'; call: number }
  /** No more is: the call cleans up and ends. */
  | { type: 'return'; call: number }
  | { type: 'cancel'; call: number }
  | { type: 'ping' };

export type FromWorker =
  | { type: 'ready'; capabilities: string[] }
  | { type: 'broken'; error: SerializedError }
  | { type: 'progress'; call: number; progress: unknown }
  | { type: 'output'; call: number; output: unknown }
  | { type: 'error'; call: number; error: SerializedError }
  | { type: 'pong' };
