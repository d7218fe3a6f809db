export * from './host/index.js';
export {
  JobStore,
  type JobStoreSettings,
  type Jobs,
  ServedJobs,
  type ServedJobsSettings,
} from './jobs/index.js';
export { getEngineStatus } from './models/engine-status.js';
export { type LoadedPlugins, type LoadPluginsSettings, loadPlugins, namedPlugins } from './plugins/index.js';
export * from './provider/index.js';
