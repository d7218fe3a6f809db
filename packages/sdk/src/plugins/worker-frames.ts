/** What the host and the worker of a plugin tell each other. Plain data: it is cloned on its way. */
import { type SerializedError, TriviumError, triviumErrorCodes } from '@trivium/protocol';
import { z } from 'zod';
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
  | { type: 'ping' }
  | JobsAnswer;

/** A step of what a call asked about jobs. */
export type JobsAnswer =
  | { type: 'jobs-progress'; ask: number; progress: unknown }
  | { type: 'jobs-output'; ask: number; output: unknown }
  | { type: 'jobs-error'; ask: number; error: SerializedError };

const call = z.number();
const ask = z.number();
// The plugin may bring another version of the protocol, with codes that are unknown here.
const error = z.looseObject({ code: z.enum(triviumErrorCodes).catch('internal'), message: z.string() });

/** Checked where it arrives: the plugin holds the same port, and may send anything. */
export const fromWorker = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), capabilities: z.array(z.string()) }),
  z.object({ type: z.literal('broken'), error }),
  z.object({ type: z.literal('progress'), call, progress: z.unknown() }),
  z.object({ type: z.literal('output'), call, output: z.unknown() }),
  z.object({ type: z.literal('error'), call, error }),
  z.object({ type: z.literal('pong') }),
  // A call wants the next step of what it asks about jobs; a question that is none fails by itself.
  z.object({ type: z.literal('jobs-next'), call, ask, question: z.unknown() }),
  z.object({ type: z.literal('jobs-close'), call, ask }),
]);
export type FromWorker = z.output<typeof fromWorker>;

/** A failure as it was thrown on the other side. */
export const errorFrom = ({ code, message, ...details }: SerializedError): TriviumError =>
  new TriviumError(code, message, details);
