export { getEngine } from './engine.js';
export { platformName } from './load-addon.js';
export type * from './types.js';
