export { Admission, type AdmissionSettings } from './admission.js';
export { camelCase, createClient, type MethodsOf, type TriviumClient, type TriviumPlugin } from './client.js';
export {
  type Confinement,
  confine,
  confinePath,
  insideRoot,
  pathFields,
  relativePaths,
} from './confine.js';
export { documents } from './documents-plugin.js';
export { hideOutside, hideRoot } from './hide-root.js';
export { Host, type HostSettings, type TriviumContext } from './host.js';
export { jobs } from './jobs-plugin.js';
export { models } from './models-plugin.js';
export { isAllowed, mayUseHub, type Permissions } from './permissions.js';
export { reporting } from './progress.js';
