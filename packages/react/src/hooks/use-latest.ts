import { useInsertionEffect, useState } from 'react';

type Callback<Arguments extends readonly unknown[]> = ((...given: Arguments) => void) | undefined;

function createLatest<Arguments extends readonly unknown[]>() {
  let current: Callback<Arguments>;
  return {
    become: (next: Callback<Arguments>) => {
      current = next;
    },
    call: (...given: Arguments) => current?.(...given),
  };
}

/** A function that never changes and calls the one that was given last: a callback of now for a store of then. */
export function useLatest<Arguments extends readonly unknown[]>(
  callback: Callback<Arguments>,
): (...given: Arguments) => void {
  const [latest] = useState(() => createLatest<Arguments>());
  useInsertionEffect(() => latest.become(callback), [latest, callback]);
  return latest.call;
}
