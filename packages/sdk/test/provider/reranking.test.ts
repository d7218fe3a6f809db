/** Reranking by a cross-encoder and by an embedder, through `ai` 6 and by itself. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TriviumError } from '@trivium/protocol';
import { rerank } from 'ai';
import { afterAll, describe, expect, it } from 'vitest';
import { createTrivium } from '../../src/provider/index.js';

const fixtures = fileURLToPath(new URL('../../../native/tests/fixtures/parity/', import.meta.url));
const { crossEncoders } = JSON.parse(readFileSync(`${fixtures}expected.json`, 'utf8')) as {
  crossEncoders: {
    name: string;
    query: string;
    texts: string[];
    pairScores: { folder: number[]; gguf: number[] };
  }[];
};
const trivium = createTrivium({ specification: 'v3' });
afterAll(() => trivium.dispose());
const sigmoid = (logit: number) => 1 / (1 + Math.exp(-logit));

describe.each(
  crossEncoders.flatMap((one) => [
    { ...one, file: one.name, scores: one.pairScores.folder },
    { ...one, file: `${one.name}.gguf`, scores: one.pairScores.gguf },
  ]),
)('the cross-encoder $file', ({ file, query, texts, scores }) => {
  const model = trivium.rerankingModel(fixtures + file);
  const best = scores.map((_, index) => index).sort((a, b) => scores[b]! - scores[a]!);

  it('orders documents by its logit and says the sigmoid of it', async () => {
    const { ranking } = await rerank({ model, documents: texts, query });
    expect(ranking.map(({ originalIndex }) => originalIndex)).toEqual(best);
    for (const { originalIndex, score } of ranking)
      expect(score).toBeCloseTo(sigmoid(scores[originalIndex]!), 3);
  });

  it('gives the first n, and takes objects as their JSON', async () => {
    const { ranking } = await rerank({ model, documents: texts, query, topN: 2 });
    expect(ranking.map(({ originalIndex }) => originalIndex)).toEqual(best.slice(0, 2));
    const values = [{ a: 1 }, { b: 'fox' }];
    const [objects, json] = await Promise.all([
      model.doRerank({ documents: { type: 'object', values }, query }),
      model.doRerank({
        documents: { type: 'text', values: values.map((value) => JSON.stringify(value)) },
        query,
      }),
    ]);
    expect(objects).toEqual(json);
    expect(objects.warnings).toEqual([]);
  });
});

it('cuts nothing silently, ends on an abort, and embeds nothing with a cross-encoder', async () => {
  const model = trivium.rerankingModel(`${fixtures}bert-cross`);
  const documents = { type: 'text' as const, values: ['a', 'lazy dogs '.repeat(40)] };
  const failure = (work: Promise<unknown>) => work.then(() => undefined, TriviumError.from);
  expect(await failure(model.doRerank({ documents, query: 'fox' }))).toMatchObject({
    code: 'context-overflow',
    field: 'texts.1',
  });
  const reason = new Error('enough');
  const abortSignal = AbortSignal.abort(reason);
  await expect(model.doRerank({ documents, query: 'fox', abortSignal })).rejects.toBe(reason);
  const embedder = trivium.embeddingModel(`${fixtures}bert-cross`);
  expect(await failure(embedder.doEmbed({ values: ['a'] }))).toMatchObject({ code: 'unsupported' });
  const causal = trivium.rerankingModel(`${fixtures}llama-grouped-tied`);
  const short = { type: 'text' as const, values: ['a'] };
  expect(await failure(causal.doRerank({ documents: short, query: 'fox' }))).toMatchObject({
    code: 'unsupported',
  });
});

it('an embedder ranks by cosine, from 0 to 1', async () => {
  const documents = ['The weather in the mountains', 'How do I install the package?'];
  const { ranking } = await rerank({
    model: trivium.rerankingModel('nano'),
    documents,
    query: 'install the package',
  });
  expect(ranking.map(({ originalIndex }) => originalIndex)).toEqual([1, 0]);
  for (const { score } of ranking) expect(score >= 0 && score <= 1).toBe(true);
});
