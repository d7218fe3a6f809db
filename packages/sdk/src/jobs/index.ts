export { JobStore, type JobStoreSettings } from './job-store.js';
