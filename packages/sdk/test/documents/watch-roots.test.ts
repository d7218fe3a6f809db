import { EventEmitter } from 'node:events';
import { afterEach, expect, it, vi } from 'vitest';
import { watchRoots } from '../../src/documents/watch-roots.js';

class Watcher extends EventEmitter {
  readonly close = vi.fn();
}
const watchers = vi.hoisted((): unknown[] => []);
vi.mock('node:fs', () => ({
  existsSync: () => true,
  watch: () => {
    const watcher = new Watcher();
    watchers.push(watcher);
    return watcher;
  },
}));

afterEach(() => vi.useRealTimers());

it('replaces a watcher that fails, and tells what it may have missed', () => {
  vi.useFakeTimers();
  const changed = vi.fn();
  const stop = watchRoots(['/docs'], changed);
  const [first] = watchers as Watcher[];
  first!.emit('error', new Error('EPERM'));
  expect([first!.close.mock.calls.length, watchers.length, changed.mock.calls.length]).toEqual([1, 1, 0]);
  vi.advanceTimersByTime(10_000);
  expect([watchers.length, changed.mock.calls.length]).toEqual([2, 1]);
  (watchers[1] as Watcher).emit('error', new Error('EPERM'));
  stop();
  vi.advanceTimersByTime(10_000);
  expect([watchers.length, changed.mock.calls.length]).toEqual([2, 1]);
});
