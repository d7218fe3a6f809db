/** `ai` is an optional peer: where it is not installed, what a model would write is refused with the way out. */
import { expect, test, vi } from 'vitest';
import { createLongText } from '../../src/long-text/index.js';
import { scriptedModel } from '../../src/testing/index.js';
import { memoryLibrary } from './fakes.js';

vi.mock('ai', () => {
  throw new Error("Cannot find package 'ai'");
});

const library = memoryLibrary({ 'tea.md': 'Green tea is steeped for two minutes.' });
const model = scriptedModel(() => 'Two minutes [1].', { specification: 'v3' });
const client = createLongText({ library, model });

test.each([
  ['ask', async () => client.ask('How long is green tea steeped?')],
  ['summarize', async () => client.summarize({ words: 20 })],
  ['write', async () => client.write({ instruction: 'A guide', targetWords: 50 })],
])('%s says that ai is missing, and how to get it', async (_, call) => {
  await expect(call()).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('package ai'),
    remedy: expect.stringContaining('npm install ai@6'),
  });
});

test('quotes need none', async () => {
  expect((await client.ask('How long is green tea steeped?', { model: false })).text).toContain(
    'two minutes',
  );
});
