export { type JobFilter, JobStore, type JobStoreSettings, type Jobs } from './job-store.js';
