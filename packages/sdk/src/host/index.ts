export { camelCase, createClient, type MethodsOf, type TriviumClient, type TriviumPlugin } from './client.js';
export { documents } from './documents-plugin.js';
export { Host, type HostSettings, type TriviumContext } from './host.js';
export { jobs } from './jobs-plugin.js';
export { models } from './models-plugin.js';
export { reporting } from './progress.js';
