export { confinePath } from './confine.js';
export { hidePlaces, shownFailure } from './hide-root.js';
export { pathFields } from './path-fields.js';
export type { Permissions } from './permissions.js';
export { relativePaths } from './relative-paths.js';
export {
  type ServedCall,
  ServedFolder,
  type ServedFolderSettings,
  type ServedImplementation,
} from './served-folder.js';
export { type DescribedInput, servedInput } from './served-input.js';
export type { ServedJobs } from './served-jobs.js';
