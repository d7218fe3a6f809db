export { getEngineStatus } from './models/engine-status.js';
export * from './host/index.js';
export * from './provider/index.js';
