/** The capabilities that tell of jobs; what they tell is tested with the store. */
import type { AnyImplementation } from '@trivium/protocol';
import { expect, it } from 'vitest';
import { jobs } from '../../src/host/jobs-plugin.js';

it('stops following a job when its caller leaves', async () => {
  let isOpen = true;
  async function* watch() {
    try {
      for (let event = 1; ; event += 1) yield { event, progress: {} };
    } finally {
      isOpen = false;
    }
  }
  const capabilities: readonly AnyImplementation[] = jobs.capabilities;
  const { run } = capabilities.find(({ capability }) => capability.name === 'jobs-watch')!;
  const { signal } = new AbortController();
  for await (const _ of run({ id: 'mx0', after: 0 }, { signal, jobs: { watch } })) break;
  expect(isOpen).toBe(false);
});
