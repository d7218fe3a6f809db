/** Implementation of `inspect`: the engine's account of a file, and how fast the model will be here. */
import { resolve } from 'node:path';
import { contracts, type OutputOf, type ProgressOf, TriviumError } from '@trivium/protocol';
import type { z } from 'zod';
import { estimateSpeed } from '../models/estimate-speed.js';
import { measureSpeed } from '../models/measure-speed.js';
import { nanoModels } from '../models/resolve-model.js';
import type { Host } from './host.js';
import { implementReporting } from './reporting-capability.js';

type Step = ProgressOf<typeof contracts.inspect>;
type Speed = z.output<typeof contracts.modelSpeed>;
type Output = OutputOf<typeof contracts.inspect>;

export const inspect = implementReporting(
  contracts.inspect,
  async ({ file: reference, speed, measure }, { host, signal, report }) => {
    // Of a name that stands for several models, the one there is most to say of: how fast it writes.
    const found = await host.models.path(reference, 'language', { signal, onProgress: report });
    const file = found === resolve(reference) ? reference : found; // errors name a path as it was given
    const inspected: Output = {
      ...(await host.models.engine.inspect(file)),
      ...(reference === 'nano' && { models: await modelsOfNano(host) }),
    };
    signal.throwIfAborted();
    if (!inspected.supported || !(speed || measure)) return inspected;
    const { name: backend, threads } = host.models.engine.backend;
    const estimate = speed ? await estimateOf(file, host, signal) : {};
    signal.throwIfAborted();
    const measurement = measure ? { measurement: await measurementOf(file, host, signal, report) } : {};
    return { ...inspected, speed: { backend, threads, ...estimate, ...measurement } };
  },
);

const modelsOfNano = (host: Host) =>
  Promise.all(
    nanoModels.map(async ({ path, ...named }) => {
      const { kind, parameters, fileBytes } = await host.models.engine.inspect(path);
      return { ...named, path, ...(kind && { kind }), parameters, fileBytes };
    }),
  );

/** What a file holds is worth telling, whatever comes of its rehearsal. */
async function estimateOf(
  file: string,
  host: Host,
  signal: AbortSignal,
): Promise<Pick<Speed, 'estimate' | 'absent'>> {
  try {
    return { estimate: await estimateSpeed(host.models.engine, file, { signal }) };
  } catch (error) {
    signal.throwIfAborted();
    return { absent: TriviumError.from(error).message };
  }
}

async function measurementOf(file: string, host: Host, signal: AbortSignal, report: (step: Step) => void) {
  return measureSpeed(await host.models.get(file, 'language', { signal, onProgress: report }), signal);
}
