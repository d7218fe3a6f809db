// #region jobs
import { createClient, documents, jobs } from '@trivium/sdk';

await using client = createClient();
const { host } = client;
const summarize = documents.capabilities.find(
  ({ capability }) => capability.name === 'summarize',
)!;

const { id } = await host.jobs.start(
  summarize,
  { paths: ['./handbook'], words: 60 },
  (signal) => host.context(signal),
);

const { jobsWatch, jobsList } = client.use(jobs);
const ended = await jobsWatch({ id });
console.log(ended.status);
console.log((await jobsList({})).jobs.some((job) => job.id === id));
// #endregion jobs
