/** What waits behind a full queue of the engine is told so in the AI SDK's own error, which it retries. */
import { fileURLToPath } from 'node:url';
import { APICallError } from '@ai-sdk/provider';
import { afterAll, expect, test } from 'vitest';
import { createTrivium } from '../../src/provider/index.js';

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../../native/tests/fixtures/parity/${name}`, import.meta.url));
// One request at a time and none that waits.
const trivium = createTrivium({ specification: 'v3', maxSequences: 1, maxQueue: 0 });
afterAll(() => trivium.dispose());

const values = Array.from({ length: 256 }, (_, index) => `${index} brown foxes`);
const call = { prompt: [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hello' }] }] };
const encoder = trivium.embeddingModel(fixture('bert-mean'));
const [ranker, byVectors] = ['bert-cross', 'bert-mean'].map((name) => trivium.rerankingModel(fixture(name)));
const rank = { documents: { type: 'text' as const, values }, query: 'a fox' };
const writer = trivium(fixture('llama-grouped-tied'));

test.each([
  ['doEmbed', () => encoder.doEmbed({ values })],
  ['doRerank of a cross-encoder', () => ranker!.doRerank(rank)],
  ['doRerank of an embedder', () => byVectors!.doRerank(rank)],
  ['doGenerate', () => writer.doGenerate(call)],
  ['doStream', () => writer.doStream(call)],
])('%s', async (_, run: () => Promise<unknown>) => {
  const ends = await Promise.allSettled(Array.from({ length: 24 }, run));
  const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
  expect(failures).not.toEqual([]);
  for (const failure of failures) {
    expect(APICallError.isInstance(failure)).toBe(true);
    expect(failure).toMatchObject({ isRetryable: true, statusCode: 429, cause: { code: 'busy' } });
  }
});
