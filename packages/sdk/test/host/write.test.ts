/** Which models the capability `write` asks its host for. */
import { type contracts, type InputOf, invoke } from '@trivium/protocol';
import { afterEach, expect, test, vi } from 'vitest';
import { Host } from '../../src/host/index.js';
import { write } from '../../src/host/write-capability.js';

afterEach(() => vi.unstubAllEnvs());

/** The first model that is asked for, which is none here. */
async function asked(
  input: Partial<InputOf<typeof contracts.write>>,
  settings: ConstructorParameters<typeof Host>[0] = {},
) {
  await using host = new Host(settings);
  const get = vi.spyOn(host.models, 'get').mockRejectedValue(new Error('No model is here.'));
  const call = { paths: ['.'], instruction: 'A guide', ...input };
  const failure = await invoke(write, call, host.context(new AbortController().signal)).catch(
    (error: unknown) => error,
  );
  return { reference: get.mock.calls[0]?.[0], failure };
}

test('the one of the call, of the settings, of the environment, in this order', async () => {
  vi.stubEnv('TRIVIUM_MODEL', 'environment.gguf');
  expect(await asked({})).toMatchObject({ reference: 'environment.gguf' });
  expect(await asked({}, { languageModel: 'setting.gguf' })).toMatchObject({ reference: 'setting.gguf' });
  expect(await asked({ model: 'call.gguf' }, { languageModel: 'x' })).toMatchObject({
    reference: 'call.gguf',
  });
});

test('a default is loaded only for stages that name none', async () => {
  const own = { model: 'own.gguf' };
  const settings = { languageModel: 'setting.gguf' };
  expect(await asked({ stages: { summary: own, expand: own } }, settings)).toMatchObject({
    reference: 'setting.gguf',
  });
  expect(await asked({ stages: { summary: own, expand: own, polish: false } }, settings)).toMatchObject({
    reference: 'own.gguf',
  });
});

test('none: a sentence that says how to get one', async () => {
  vi.stubEnv('TRIVIUM_MODEL', '');
  expect((await asked({})).failure).toMatchObject({
    code: 'invalid-argument',
    field: 'model',
    message: expect.stringContaining('hf:'),
  });
});
