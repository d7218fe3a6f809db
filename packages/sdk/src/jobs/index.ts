export { JobStore, type JobStoreSettings, type Jobs } from './job-store.js';
export { ServedJobs, type ServedJobsSettings } from './served-jobs.js';
