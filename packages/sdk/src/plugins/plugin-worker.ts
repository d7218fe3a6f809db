/** The thread of one plugin: runs its capabilities on a host of its own, step by step as they are asked for. */
import { parentPort, workerData } from 'node:worker_threads';
import { type AnyCapability, type Implementation, stream, TriviumError } from '@trivium/protocol';
import { Host, type TriviumContext } from '../host/host.js';
import { AskedJobs } from './asked-jobs.js';
import { importPlugin } from './import-plugin.js';
import type { FromWorker, ToWorker, WorkerStart } from './worker-frames.js';

interface OpenCall {
  controller: AbortController;
  steps: AsyncGenerator<unknown, unknown, void>;
}

// The process's standard output belongs to a protocol, or to whoever reads a result: a plugin logs to standard error.
process.stdout.write = process.stderr.write.bind(process.stderr);

const port = parentPort!;
const { url, name, host: settings } = workerData as WorkerStart;
const host = new Host(settings);
const calls = new Map<number, OpenCall>();
const post = (frame: FromWorker) => port.postMessage(frame);
const jobs = new AskedJobs(post);

function postError(call: number, thrown: unknown): void {
  calls.delete(call);
  post({ type: 'error', call, error: { ...TriviumError.from(thrown).toJSON() } });
}

/** What cannot be cloned (a function in an output) is the plugin's fault, not the end of its thread. */
function postStep(call: number, frame: FromWorker): void {
  try {
    post(frame);
  } catch (cause) {
    const fault = new TriviumError('internal', `${name} answered what cannot travel between threads.`, {
      cause,
    });
    postError(call, fault);
  }
}

async function step({ type, call }: { type: 'next' | 'return'; call: number }): Promise<void> {
  const open = calls.get(call);
  if (!open) return;
  try {
    const next = await open.steps[type](undefined);
    if (next.done) {
      calls.delete(call);
      postStep(call, { type: 'output', call, output: next.value });
    } else postStep(call, { type: 'progress', call, progress: next.value });
  } catch (error) {
    postError(call, error);
  }
}

async function main(): Promise<void> {
  const plugin = await importPlugin(url, name);
  const implementations = plugin.capabilities as readonly Implementation<AnyCapability, TriviumContext>[];
  port.on('message', (frame: ToWorker) => {
    if (frame.type === 'ping') return post({ type: 'pong' });
    if (frame.type === 'next' || frame.type === 'return') return void step(frame);
    if (frame.type === 'cancel') return calls.get(frame.call)?.controller.abort();
    if (frame.type !== 'call') return jobs.hear(frame);
    const { call, capability, input } = frame;
    const implementation = implementations.find((one) => one.capability.name === capability);
    if (!implementation)
      return postError(call, new TriviumError('not-found', `${name} has no ${capability}.`));
    const controller = new AbortController();
    // Not the jobs of the host here: that one knows those of every caller.
    const context = host.context(controller.signal, jobs.of(call));
    const steps = stream(implementation, input as never, context);
    calls.set(call, { controller, steps });
  });
  post({ type: 'ready', capabilities: implementations.map(({ capability }) => capability.name) });
}

main().catch((error) => post({ type: 'broken', error: { ...TriviumError.from(error).toJSON() } }));
