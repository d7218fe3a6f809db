export * from './host/index.js';
export { getEngineStatus } from './models/engine-status.js';
export * from './provider/index.js';
