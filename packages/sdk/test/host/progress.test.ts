/** Work that reports by callback, as progress of a generator: all of it, in order, and no more once nobody follows. */
import { setTimeout as sleep } from 'node:timers/promises';
import { defineCapability, implement, invoke, stream } from '@trivium/protocol';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { reporting } from '../../src/host/progress.js';

const counting = defineCapability({
  plugin: 'time',
  name: 'counting',
  title: 'Counting',
  description: 'Counts.',
  input: z.object({}),
  progress: z.number(),
  output: z.object({ steps: z.number() }),
  effects: { writes: false, destructive: false, network: false },
});
const { signal } = new AbortController();

function count() {
  let steps = 0;
  let isCleanedUp = false;
  const implementation = implement(counting, async function* (_, context) {
    return yield* reporting<number, { steps: number }>(context.signal, async (report, signal) => {
      try {
        for (; steps < 5; report(steps)) {
          await sleep(5);
          signal.throwIfAborted();
          steps += 1;
        }
        return { steps };
      } finally {
        await sleep(5);
        isCleanedUp = true;
      }
    });
  });
  return { implementation, seen: () => ({ steps, isCleanedUp }) };
}

describe('work that reports', () => {
  it('is told of in order, and answers', async () => {
    const told: number[] = [];
    const { implementation } = count();
    expect(await invoke(implementation, {}, { signal }, (step) => told.push(step))).toEqual({ steps: 5 });
    expect(told).toEqual([1, 2, 3, 4, 5]);
  });

  it('ends, and has cleaned up, when its listener throws', async () => {
    const { implementation, seen } = count();
    const heard = invoke(implementation, {}, { signal }, () => {
      throw new Error('listener');
    });
    await expect(heard).rejects.toThrow('listener');
    expect(seen()).toEqual({ steps: 1, isCleanedUp: true });
  });

  it('ends, and has cleaned up, when its progress is left', async () => {
    const { implementation, seen } = count();
    for await (const _ of stream(implementation, {}, { signal })) break;
    expect(seen()).toEqual({ steps: 1, isCleanedUp: true });
  });

  it('ends with the reason of the signal of its call', async () => {
    const { implementation, seen } = count();
    const controller = new AbortController();
    const stopped = invoke(implementation, {}, controller, () => controller.abort(new Error('told to')));
    await expect(stopped).rejects.toThrow('told to');
    expect(seen().isCleanedUp).toBe(true);
  });
});
