/** Work that several wait for: it goes on as long as one of them does, and no longer. */
import { describe, expect, it } from 'vitest';
import { SharedTask } from '../../src/models/shared-task.js';

/** Ends when it is told to stop, or with `finish`. */
function begin() {
  let finish = (_: string) => {};
  const task = new SharedTask<string>(
    (signal) =>
      new Promise((resolve, reject) => {
        finish = resolve;
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
  );
  return { task, finish: (output: string) => finish(output) };
}
const aborted = AbortSignal.abort(new Error('enough'));

describe('a shared task', () => {
  it('stops when the only caller had given up before it began', async () => {
    const { task } = begin();
    await expect(task.join({ signal: aborted })).rejects.toThrow('enough');
    expect(task.abandoned).toBe(true);
  });

  it('goes on for those who still wait when such a caller comes by', async () => {
    const { task, finish } = begin();
    const waiting = task.join();
    await expect(task.join({ signal: aborted })).rejects.toThrow('enough');
    expect(task.abandoned).toBe(false);
    finish('done');
    expect(await waiting).toBe('done');
  });
});
