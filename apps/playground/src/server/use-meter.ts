import { useEffect, useRef } from 'react';
import type { Meter, MeteredCall } from './meter.js';

/** Measures a call of a hook, as the page sees it: to the frame. */
export function useMeter(meter: Meter, isRunning: boolean, hasText: boolean): void {
  const call = useRef<MeteredCall>(undefined);
  useEffect(() => {
    if (!isRunning) return;
    const begun = meter.begin();
    call.current = begun;
    return begun.end;
  }, [meter, isRunning]);
  useEffect(() => {
    if (isRunning && hasText) call.current?.delta();
  }, [isRunning, hasText]);
}
