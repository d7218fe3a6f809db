// Work of the addon that a signal ends, by a flag that both sides see.
import { TriviumError } from '@trivium/protocol/errors';
import { translated } from './errors.js';

/** Work that gives up once `flag[0]` is 1. @throws the abort reason */
export async function unlessAborted<T>(
  signal: AbortSignal | undefined,
  flag: Int32Array | Uint8Array,
  work: () => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const abort = () => Atomics.store(flag, 0, 1);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await translated(work);
  } catch (error) {
    const isAborted = signal?.aborted && TriviumError.isInstance(error) && error.code === 'cancelled';
    throw isAborted ? signal.reason : error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** The same for work whose flag nobody else sees. */
export function cancellable<T>(
  signal: AbortSignal | undefined,
  work: (cancelled: Uint8Array) => Promise<T>,
): Promise<T> {
  const cancelled = new Uint8Array(1);
  return unlessAborted(signal, cancelled, () => work(cancelled));
}
