export { type Confinement, confine, confineModel, confinePath } from './confine.js';
export { hideOutside, hideRoot } from './hide-root.js';
export { pathFields } from './path-fields.js';
export { isAllowed, mayUseHub, type Permissions } from './permissions.js';
export { relativePaths } from './relative-paths.js';
export { ServedJobs, type ServedJobsSettings } from './served-jobs.js';
