/** What clients of OpenAI's endpoints may ask of the sampler. */
import { expect, it } from 'vitest';
import { z } from 'zod';
import { samplingFields, stopField } from '../../src/server/openai/call-settings.js';
import { scriptedModel } from '../../src/testing/index.js';
import { testServer } from './fixtures.js';

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

it('what models of other providers are not told is refused by its name, where it would change the answer', async () => {
  const other = Object.assign(scriptedModel(['ok']), { provider: 'openai.chat' });
  await using server = await testServer({ models: { other }, model: 'other' });
  const messages = [{ role: 'user', content: 'x' }];
  const routes = { chat: { messages }, completions: { prompt: 'x' }, responses: { input: 'x' } };
  const paths = { chat: 'chat/completions', completions: 'completions', responses: 'responses' };
  for (const route of ['chat', 'completions', 'responses'] as const) {
    const send = (fields: object) => server.post(`/v1/${paths[route]}`, { ...routes[route], ...fields });
    const refused: object[] = [{ min_p: 0.5 }, { repetition_penalty: 2 }, { logit_bias: { 5: -100 } }];
    if (route !== 'responses') refused.push({ logprobs: route === 'chat' ? true : 3 });
    for (const fields of refused) {
      const response = await send(fields);
      expect(response.status).toBe(400);
      const { error } = (await response.json()) as { error: object };
      expect(error).toMatchObject({ code: 'unsupported', param: Object.keys(fields)[0] });
    }
    expect((await send({ min_p: 0, repetition_penalty: 1, logit_bias: {}, logprobs: null })).status).toBe(
      200,
    );
  }
});
