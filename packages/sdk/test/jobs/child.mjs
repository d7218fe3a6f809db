/** Starts a job that never ends by itself, says its id, and waits to be killed or cancelled. */
import { implement } from '@trivium/protocol';
import { JobStore } from '@trivium/sdk';
import { endless } from './endless.mjs';

const store = new JobStore({ folder: process.argv[2] });
const run = implement(endless, async function* (_, { signal }) {
  for (let done = 1; ; done += 1) {
    yield { done };
    await new Promise((resolve) => setTimeout(resolve, 10));
    signal.throwIfAborted();
  }
});
const job = await store.start(run, {}, (signal) => ({ signal }));
console.log(job.id);
for await (const _ of store.watch(job.id));
