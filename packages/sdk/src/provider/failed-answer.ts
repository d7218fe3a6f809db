import { TriviumError } from '@trivium/protocol';

/** An answer whose model ends it with the reason `error` is no whole one, also where the model says no more of it. */
export const failedAnswer = (rawReason?: string): TriviumError =>
  new TriviumError('unavailable', 'The model ended its answer with an error.', {
    field: 'finishReason',
    found: rawReason,
    remedy: 'Try again; if it persists, ask another model.',
  });

/** @throws TriviumError `unavailable` where the reason to end, as V3 and V4 say it, is an error */
export function throwIfFailed({ finishReason }: Record<string, unknown>): void {
  const { unified, raw } = (finishReason ?? {}) as { unified?: string; raw?: string };
  if (unified === 'error') throw failedAnswer(raw);
}
