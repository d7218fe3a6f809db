/** Reranking by a cross-encoder and by an embedder, through `ai` 6 and by itself. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rankModelFile, staticModelFile } from '@trivium/nano';
import { getEngine } from '@trivium/native';
import { TriviumError } from '@trivium/protocol';
import { cosineSimilarity, embedMany, rerank } from 'ai';
import { afterAll, describe, expect, it } from 'vitest';
import { weigh } from '../../src/documents/candidates.js';
import { interactionParts } from '../../src/documents/late-interaction.js';
import { matchRanker } from '../../src/documents/passage-ranker.js';
import { rankTexts } from '../../src/documents/rank-texts.js';
import { ranking as weights } from '../../src/documents/ranking.js';
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

describe.each(['nano-contextual', staticModelFile, `${fixtures}bert-mean`, `${fixtures}bert-cls`])(
  'the embedder %s',
  (name) => {
    const model = trivium.rerankingModel(name);
    const query = 'install the package';

    it('ranks by cosine, from 0 to 1, whatever the lengths of its vectors', async () => {
      const documents = ['The weather in the mountains', 'How do I install it?', query, 'packages'];
      const { ranking } = await rerank({ model, documents, query });
      const { embeddings } = await embedMany({
        model: trivium.embeddingModel(name),
        values: [query, ...documents],
      });
      const cosines = documents.map((_, at) => cosineSimilarity(embeddings[0]!, embeddings[at + 1]!));
      for (const { originalIndex, score } of ranking) {
        expect(score).toBeCloseTo((cosines[originalIndex]! + 1) / 2, 5);
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
      }
      expect(ranking.map(({ originalIndex }) => cosines[originalIndex])).toEqual(
        cosines.toSorted((a, b) => b - a),
      );
      expect(ranking[0]).toMatchObject({ originalIndex: 2, score: expect.closeTo(1, 5) });
    });
  },
);

it.each(['nano-contextual', staticModelFile])('the embedder %s finds what is meant', async (name) => {
  const documents = ['The weather in the mountains', 'How do I install the package?'];
  const query = 'install the package';
  const { ranking } = await rerank({ model: trivium.rerankingModel(name), documents, query });
  expect(ranking.map(({ originalIndex }) => originalIndex)).toEqual([1, 0]);
});

describe('nano', () => {
  const nano = trivium.rerankingModel('nano');
  const query = 'How long does a session stay open?';
  const answer = 'A session stays open for thirty minutes after the last request.';
  const other = 'Sessions are kept in a store, and a store may be shared by servers.';
  const filler = 'The colours of the theme can be changed in the settings. '.repeat(60);

  it('ranks by its cross-encoder and by the matches of static vectors', async () => {
    await using model = await getEngine().loadModel(rankModelFile);
    await using words = await getEngine().loadModel(staticModelFile);
    const embedder = {
      width: words.info.width,
      embedTokens: (texts: readonly string[]) => words.embedTokens(texts),
    };
    // More than are matched in one turn.
    const documents = [
      other,
      filler.slice(0, 300),
      answer,
      ...Array.from({ length: 9 }, (_, i) => `Row ${i}.`),
    ];
    const passages = documents.map((text) => ({ above: '', text }));
    const logits = await matchRanker(model, embedder).rank(query, passages);
    const { window, pairs } = await interactionParts(embedder, query, documents);
    const { ranked } = weigh([...documents.keys()], { window, pairs }, weights.rankedParts, logits);
    const { ranking, warnings } = await nano.doRerank({
      documents: { type: 'text', values: documents },
      query,
    });
    expect(warnings).toEqual([]);
    expect(ranking[0]?.index).toBe(2);
    expect(ranking.map(({ index }) => index)).toEqual(ranked.map(([index]) => index));
    ranking.forEach(({ relevanceScore }, at) => {
      expect(relevanceScore).toBeCloseTo(sigmoid(ranked[at]![1]), 5);
    });
  });

  it('reads the beginning alone of a long query, with however many documents', async () => {
    await using model = await getEngine().loadModel(rankModelFile);
    await using words = await getEngine().loadModel(staticModelFile);
    const asked: string[] = [];
    const embedder = {
      width: words.info.width,
      embedTokens: (texts: readonly string[], { role }: { role: string }) => {
        if (role === 'query') asked.push(...texts);
        return words.embedTokens(texts);
      },
    };
    const documents = [other, answer, ...Array.from({ length: 20 }, (_, i) => `Row ${i}.`)];
    const long = `${query} `.repeat(1000);
    const { scores, queryTokens } = await rankTexts(model, embedder, long, documents);
    expect(queryTokens).toBe((await model.tokenizer.encode(long)).length);
    expect(asked.length).toBeGreaterThan(2);
    for (const text of asked) expect(text.length).toBeLessThan(1000);
    expect(scores).toEqual((await rankTexts(model, embedder, asked[0]!, documents)).scores);
  });

  it('reads all of a long document', async () => {
    const documents = [filler, filler + answer, `${answer} ${filler}`, `${filler}${answer} ${filler}`];
    const { ranking } = await rerank({ model: nano, documents, query });
    expect(ranking.at(-1)?.originalIndex).toBe(0);
    expect(ranking.at(-2)!.score).toBeGreaterThan(ranking.at(-1)!.score);
  });

  it('says how much it reads of a long query, and ends on an abort', async () => {
    const documents = { type: 'text' as const, values: [answer] };
    const { warnings } = await nano.doRerank({ documents, query: query.repeat(9) });
    expect(warnings).toEqual([
      {
        type: 'other',
        message: expect.stringMatching(/^Of the query's \d+ tokens the ranker reads the first 40\.$/),
      },
    ]);
    const abortSignal = AbortSignal.abort(new Error('enough'));
    await expect(nano.doRerank({ documents, query, abortSignal })).rejects.toThrow('enough');
  });
});
