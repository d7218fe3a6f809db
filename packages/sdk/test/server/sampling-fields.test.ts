/** What clients of OpenAI's endpoints may ask of the sampler. */
import { expect, it } from 'vitest';
import { z } from 'zod';
import { samplingFields } from '../../src/server/openai/call-settings.js';

it('a repetition penalty is of a range in which it is one', () => {
  const fields = z.object(samplingFields);
  const failure = (value: unknown) => fields.safeParse({ repetition_penalty: value }).error?.issues[0]?.path;
  for (const value of [0.01, 0.9, 1, 1.3, 100, null]) expect(failure(value)).toBeUndefined();
  for (const value of [0, -1, 1e-38, 1e38]) expect(failure(value)).toEqual(['repetition_penalty']);
});
