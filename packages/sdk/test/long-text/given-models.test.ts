/** The models that a long-text client is given: objects alone, with what they say themselves of their context. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createLongText, type LongTextOptions } from '../../src/long-text/index.js';
import { measuresOf } from '../../src/long-text/model-measures.js';
import { createTrivium, fallback, record } from '../../src/provider/index.js';
import { scriptedModel } from '../../src/testing/index.js';
import { memoryLibrary } from './fakes.js';
import { factsText, obedientModel, promptText } from './write-fakes.js';

const trivium = createTrivium({ specification: 'v3' });
afterAll(() => trivium.dispose());

const library = memoryLibrary({ 'tea.md': 'Green tea is steeped for two minutes.' });
// What JavaScript lets through: `ai` would take the string for a model of its gateway.
const named = 'nano' as never;
const guide = { instruction: 'A guide', targetWords: 50 };

test.each([
  ['model', async () => createLongText({ library, model: named }).ask('How long?')],
  ['model', async () => createLongText({ library }).ask('How long?', { model: named })],
  ['model', async () => createLongText({ library }).summarize({ model: named })],
  ['model', async () => createLongText({ library, model: named }).write(guide)],
  [
    'stages.expand.model',
    async () =>
      createLongText({ library, model: obedientModel() }).write({
        ...guide,
        stages: { expand: { model: named } },
      }),
  ],
])('a reference is no model: %s', async (field, call) => {
  await expect(call()).rejects.toMatchObject({
    code: 'invalid-argument',
    field,
    found: '"nano"',
    remedy: expect.stringContaining("createTrivium()('nano')"),
  });
});

test('writing without a model names the field that was left out', async () => {
  const write = (stages?: object) =>
    createLongText({ library }).write({ ...guide, ...(stages && { stages }) });
  await expect(write().result).rejects.toMatchObject({ field: 'model' });
  await expect(write({}).result).rejects.toMatchObject({ field: 'model' });
  await expect(write({ summary: { ratio: 0.2 } }).result).rejects.toMatchObject({
    field: 'stages.summary.model',
  });
});

test('a model over others holds what the one does that is asked first', async () => {
  const nano = trivium('nano');
  const folder = await mkdtemp(join(tmpdir(), 'trivium-given-models-'));
  for (const model of [
    fallback([record(nano, join(folder, 'calls.jsonl'))]),
    fallback([nano, obedientModel()]),
  ])
    expect(await measuresOf(model, {})).toMatchObject({ contextTokens: 1024 });
  expect(await measuresOf(fallback([obedientModel(), nano]), {})).toMatchObject({ contextTokens: 8192 });
});

test('a local model says what its context holds and counts its tokens itself', async () => {
  const nano = trivium('nano');
  expect(await nano.contextTokens()).toBe(1024);
  const scripted = scriptedModel(() => 'A record [1].', { specification: 'v3' });
  const model = Object.assign(scripted, {
    contextTokens: () => nano.contextTokens(),
    countTokens: (text: string) => nano.countTokens(text),
  });
  const text = factsText(60);
  const { sourceTokens } = await createLongText({ model }).summarize({ text, words: 50 });
  expect(sourceTokens).toBe(await nano.countTokens(text));
  expect(scripted.calls.length).toBeGreaterThan(3);
  for (const call of scripted.calls) {
    const { system, user } = promptText(call);
    expect((await nano.countTokens(`${system}\n\n${user}`)) + call.maxOutputTokens!).toBeLessThanOrEqual(
      1024,
    );
  }
  // What the caller says goes before it.
  await expect(
    Promise.resolve(createLongText({ model, contextTokens: 300 }).summarize({ text, words: 50 })),
  ).rejects.toMatchObject({ code: 'context-overflow' });
});

test.each<[string, LongTextOptions, string]>([
  ['assumed', {}, 'createLongText({ contextTokens })'],
  ['given', { contextTokens: 256 }, 'Use a model with a longer context'],
])('where a context that is %s is too small the remedy says what helps', async (_, options, remedy) => {
  const instruction = 'An answer. '.repeat(4000);
  const client = createLongText({ library, model: obedientModel(), ...options });
  await expect(client.write({ ...guide, instruction }).result).rejects.toMatchObject({
    code: 'context-overflow',
    remedy: expect.stringContaining(remedy),
  });
});
