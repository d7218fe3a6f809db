export { Admission, type AdmissionSettings } from './base/admission.js';
export * from './host/index.js';
export { type JobFilter, JobStore, type JobStoreSettings, type Jobs } from './jobs/index.js';
export { getEngineStatus } from './models/engine-status.js';
export { type LoadedPlugins, type LoadPluginsSettings, loadPlugins, namedPlugins } from './plugins/index.js';
export * from './provider/index.js';
export {
  confinePath,
  type DescribedInput,
  hidePlaces,
  type Permissions,
  pathFields,
  type ServedCall,
  ServedFolder,
  type ServedFolderSettings,
  type ServedImplementation,
  type ServedJobs,
  servedInput,
  shownFailure,
} from './served/index.js';
