/** What clients of OpenAI's endpoints may ask of the sampler. */
import { expect, it } from 'vitest';
import { z } from 'zod';
import { samplingFields, stopField } from '../../src/server/openai/call-settings.js';

it('a repetition penalty is of a range in which it is one', () => {
  const fields = z.object(samplingFields);
  const failure = (value: unknown) => fields.safeParse({ repetition_penalty: value }).error?.issues[0]?.path;
  for (const value of [0.01, 0.9, 1, 1.3, 100, null]) expect(failure(value)).toBeUndefined();
  for (const value of [0, -1, 1e-38, 1e38]) expect(failure(value)).toEqual(['repetition_penalty']);
});

it('stop sequences are few and short: the engine makes an automaton of them', () => {
  const allowed = ['END', ['END', 'é'.repeat(2046)], 'x'.repeat(4096), [], null, undefined];
  for (const stop of allowed) expect(stopField.safeParse(stop).success).toBe(true);
  const refused = ['x'.repeat(4097), ['END', 'é'.repeat(2047)], Array(17).fill('x')];
  for (const stop of refused) expect(stopField.safeParse(stop).success).toBe(false);
});
