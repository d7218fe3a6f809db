import { EventEmitter } from 'node:events';
import { afterEach, expect, it, vi } from 'vitest';
import { watchRoots } from '../../src/documents/watch-roots.js';

type Notice = (event: string, name: string | null) => void;

class Watcher extends EventEmitter {
  readonly close = vi.fn();
  constructor(readonly notice: Notice) {
    super();
  }
}
const watchers = vi.hoisted((): unknown[] => []);
vi.mock('node:fs', () => ({
  existsSync: () => true,
  watch: (_root: string, _options: object, notice: Notice) => {
    const watcher = new Watcher(notice);
    watchers.push(watcher);
    return watcher;
  },
}));

afterEach(() => vi.useRealTimers());

it('replaces a watcher that fails, and tells what it may have missed', () => {
  vi.useFakeTimers();
  const changed = vi.fn(async () => true);
  const stop = watchRoots(['/docs'], changed, () => true);
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

it('hears only what concerns it, and pauses longer between looks that find nothing', async () => {
  vi.useFakeTimers();
  watchers.length = 0;
  const changed = vi.fn(async () => false);
  const stop = watchRoots(['/docs'], changed, (_, inside) => inside !== 'index');
  const hear = (name: string | null) => (watchers.at(-1) as Watcher).notice('change', name);
  hear('index');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(changed).toHaveBeenCalledTimes(0);
  // A look that follows itself: whatever it does is heard.
  changed.mockImplementation(async () => {
    hear('a.md');
    return false;
  });
  hear(null);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(changed.mock.calls.length).toBeLessThan(15);
  // One that finds something is followed at once.
  changed.mockImplementation(async () => true);
  await vi.advanceTimersByTimeAsync(2000);
  const before = changed.mock.calls.length;
  hear('a.md');
  await vi.advanceTimersByTimeAsync(200);
  expect(changed.mock.calls.length).toBe(before + 1);
  stop();
});
