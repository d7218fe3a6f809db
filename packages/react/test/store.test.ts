import { describe, expect, it } from 'vitest';
import { createPublisher } from '../src/stores/store.js';

function manual() {
  let value = 0;
  let task: (() => void) | undefined;
  const built: number[] = [];
  const publisher = createPublisher(
    () => {
      built.push(value);
      return { value };
    },
    (next) => {
      task = next;
      return () => {
        task = undefined;
      };
    },
  );
  return {
    publisher,
    built,
    set: (next: number) => {
      value = next;
      publisher.touch();
    },
    frame: () => task?.(),
    isScheduled: () => task !== undefined,
  };
}

describe('a publisher', () => {
  it('tells of a burst of changes once, with the last of them', () => {
    const { publisher, set, frame, built } = manual();
    const seen: number[] = [];
    publisher.subscribe(() => seen.push(publisher.getSnapshot().value));
    const before = publisher.getSnapshot();
    for (let value = 1; value <= 1000; value += 1) set(value);
    expect(publisher.getSnapshot()).toBe(before);
    frame();
    expect(seen).toEqual([1000]);
    expect(built).toEqual([0, 1000]);
    expect(publisher.getSnapshot()).toBe(publisher.getSnapshot());
  });

  it('answers the state of now where nobody listens, and makes it only when asked', () => {
    const { publisher, set, built, isScheduled } = manual();
    for (let value = 1; value <= 1000; value += 1) set(value);
    expect(isScheduled()).toBe(false);
    expect(publisher.getSnapshot()).toEqual({ value: 1000 });
    expect(built).toEqual([0, 1000]);
    publisher.subscribe(() => {});
    expect(publisher.getSnapshot()).toEqual({ value: 1000 });
  });

  it('keeps the first snapshot for servers, and forgets the frame when the last listener goes', () => {
    const { publisher, set, isScheduled } = manual();
    const first = publisher.getServerSnapshot();
    const leave = publisher.subscribe(() => {});
    const leaveToo = publisher.subscribe(() => {});
    set(1);
    leave();
    leave();
    expect(isScheduled()).toBe(true);
    leaveToo();
    expect(isScheduled()).toBe(false);
    expect(publisher.getServerSnapshot()).toBe(first);
    expect(publisher.getSnapshot()).toEqual({ value: 1 });
  });

  it('publishes at once what cannot wait, and no frame tells it again', () => {
    const { publisher, set, frame } = manual();
    let calls = 0;
    publisher.subscribe(() => {
      calls += 1;
    });
    set(1);
    publisher.publish();
    frame();
    expect(calls).toBe(1);
  });
});
