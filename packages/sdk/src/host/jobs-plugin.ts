/** What tells of jobs; the jobs themselves run other capabilities. */
import { contracts, definePlugin, implement } from '@trivium/protocol';
import type { TriviumContext } from './host.js';

const jobsList = implement<typeof contracts.jobsList, TriviumContext>(
  contracts.jobsList,
  async function* ({ status, limit }, { host }) {
    return { jobs: await host.jobs.list({ status, limit }) };
  },
);

const jobsShow = implement<typeof contracts.jobsShow, TriviumContext>(
  contracts.jobsShow,
  async function* ({ id }, { host }) {
    return host.jobs.get(id);
  },
);

const jobsWatch = implement<typeof contracts.jobsWatch, TriviumContext>(
  contracts.jobsWatch,
  async function* ({ id, after }, { host, signal }) {
    const watching = host.jobs.watch(id, { after, signal });
    for (;;) {
      const step = await watching.next();
      if (step.done) return step.value;
      yield { type: 'job-progress', ...step.value };
    }
  },
);

const jobsCancel = implement<typeof contracts.jobsCancel, TriviumContext>(
  contracts.jobsCancel,
  async function* ({ id }, { host }) {
    return host.jobs.cancel(id);
  },
);

export const jobs = definePlugin({ name: 'jobs', capabilities: [jobsList, jobsShow, jobsWatch, jobsCancel] });
