export { getEngine } from './engine.js';
export type * from './grammar-types.js';
export { platformName } from './platforms.js';
export type * from './types.js';
