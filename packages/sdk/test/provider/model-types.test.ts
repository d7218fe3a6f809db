/** Which version of the specification models are of, for the compiler as at run time: what is expected of one changes neither. */
import type { LanguageModelV3, ProviderV3 } from '@ai-sdk/provider';
import { createProviderRegistry, generateText, type LanguageModel } from 'ai';
import { expect, expectTypeOf, it } from 'vitest';
import { createTrivium, fallback, type TriviumProvider } from '../../src/provider/index.js';
import { scriptedModel } from '../../src/testing/index.js';

const third = createTrivium({ specification: 'v3' });
const fourth = createTrivium();

it('models for ai 6 are given where they are expected', async () => {
  const model: LanguageModel = fallback([third('nano'), third('nano')]);
  expectTypeOf(model).toExtend<LanguageModelV3>();
  const { text } = await generateText({
    model: fallback([scriptedModel(['said'], { specification: 'v3' })]),
    prompt: 'Say it.',
  });
  expect(text).toBe('said');
  const registry = createProviderRegistry({ trivium: third });
  expect(registry.languageModel('trivium:nano').specificationVersion).toBe('v3');
});

it('models for ai 7 are none for ai 6', () => {
  // @ts-expect-error V4
  const provider: TriviumProvider<'v3'> = createTrivium();
  // @ts-expect-error V4
  const registered: ProviderV3 = createTrivium({ contextTokens: 8 });
  // @ts-expect-error V4
  const model: LanguageModelV3 = scriptedModel(['x'], { modelId: 'y' });
  // @ts-expect-error V4
  const one: LanguageModelV3 = fallback([fourth('nano'), third('nano')]);
  for (const made of [provider, registered, model, one]) expect(made.specificationVersion).toBe('v4');
});

it('the version that is asked for goes before, and one that is not known stays open', () => {
  expectTypeOf(fallback([third('nano')], { specification: 'v4' }).specificationVersion).toEqualTypeOf<'v4'>();
  expectTypeOf(fallback([third('nano')]).specificationVersion).toEqualTypeOf<'v3'>();
  expectTypeOf(fourth.specificationVersion).toEqualTypeOf<'v4'>();
  const settings: { specification?: 'v3' | 'v4' } = {};
  expectTypeOf(createTrivium(settings).specificationVersion).toEqualTypeOf<'v3' | 'v4'>();
  expectTypeOf(scriptedModel([], settings).specificationVersion).toEqualTypeOf<'v3' | 'v4'>();
});
