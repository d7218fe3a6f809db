import { useInsertionEffect, useState } from 'react';

/** A function that never changes and calls the one that was given last: a callback of now for a store of then. */
export function useLatest<Arguments extends readonly unknown[]>(
  callback: ((...given: Arguments) => void) | undefined,
): (...given: Arguments) => void {
  const [latest] = useState(() => {
    let current: typeof callback;
    return {
      become: (next: typeof callback) => {
        current = next;
      },
      call: (...given: Arguments) => current?.(...given),
    };
  });
  useInsertionEffect(() => latest.become(callback), [latest, callback]);
  return latest.call;
}
