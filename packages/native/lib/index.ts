export { getEngine } from './engine.js';
export type * from './grammar-types.js';
export { platformName } from './load-addon.js';
export type * from './types.js';
