/** Which lines of a log one client wants. */
import type { LogLevel } from './surface.js';

const order: readonly LogLevel[] = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
];

/** All lines, until the client has named a level. */
export function logFilter() {
  let lowest = 0;
  return {
    setLevel(level: LogLevel) {
      lowest = order.indexOf(level);
    },
    wants: (level: LogLevel) => order.indexOf(level) >= lowest,
  };
}
