/** Implementation of `inspect`: the engine's account of a file, and how fast the model will be here. */
import { contracts, implement, TriviumError } from '@trivium/protocol';
import type { z } from 'zod';
import { estimateSpeed } from '../models/estimate-speed.js';
import { measureSpeed } from '../models/measure-speed.js';
import type { Host, TriviumContext } from './host.js';
import { reporting } from './progress.js';

type Step = z.output<typeof contracts.loadProgress>;
type Speed = z.output<typeof contracts.modelSpeed>;
type Output = z.output<typeof contracts.inspect.output>;

export const inspect = implement<typeof contracts.inspect, TriviumContext>(
  contracts.inspect,
  async function* ({ file, speed, measure }, { host, signal }) {
    return yield* reporting<Step, Output>(async (report) => {
      const inspected = await host.models.engine.inspect(file);
      signal.throwIfAborted();
      if (!inspected.supported || !(speed || measure)) return inspected;
      const { name: backend, threads } = host.models.engine.backend;
      const estimate = speed ? await estimateOf(file, host, signal) : {};
      signal.throwIfAborted();
      const measurement = measure ? { measurement: await measurementOf(file, host, signal, report) } : {};
      return { ...inspected, speed: { backend, threads, ...estimate, ...measurement } };
    });
  },
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
  const onProgress = (step: Step | { type: 'download-progress' }) => {
    if (step.type === 'load-progress') report(step);
  };
  return measureSpeed(await host.models.get(file, 'language', { signal, onProgress }), signal);
}
