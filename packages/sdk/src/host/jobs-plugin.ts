/** What tells of jobs; the jobs themselves run other capabilities. */
import { contracts, definePlugin, implement } from '@trivium/protocol';
import type { TriviumContext } from './host.js';

const jobsList = implement<typeof contracts.jobsList, TriviumContext>(
  contracts.jobsList,
  async function* ({ status, limit }, { jobs }) {
    return { jobs: await jobs.list({ status, limit }) };
  },
);

const jobsShow = implement<typeof contracts.jobsShow, TriviumContext>(
  contracts.jobsShow,
  async function* ({ id }, { jobs }) {
    return jobs.get(id);
  },
);

const jobsWatch = implement<typeof contracts.jobsWatch, TriviumContext>(
  contracts.jobsWatch,
  async function* ({ id, after }, { jobs, signal }) {
    const watching = jobs.watch(id, { after, signal });
    try {
      for (;;) {
        const step = await watching.next();
        if (step.done) return step.value;
        yield { type: 'job-progress', ...step.value };
      }
    } finally {
      await watching.return(undefined as never);
    }
  },
);

const jobsCancel = implement<typeof contracts.jobsCancel, TriviumContext>(
  contracts.jobsCancel,
  async function* ({ id }, { jobs }) {
    return jobs.cancel(id);
  },
);

export const jobs = definePlugin({ name: 'jobs', capabilities: [jobsList, jobsShow, jobsWatch, jobsCancel] });
