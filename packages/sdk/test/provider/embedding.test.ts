/** Embedding models: prompts of sentence-transformers, texts that do not fit, options that are of other models. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cosineSimilarity, embed, embedMany } from 'ai';
import { afterAll, describe, expect, it } from 'vitest';
import { createClient } from '../../src/host/index.js';
import { models } from '../../src/host/models-plugin.js';
import { createTrivium } from '../../src/provider/index.js';

const fixtures = fileURLToPath(new URL('../../../native/tests/fixtures/parity/', import.meta.url));
/** Its prompts are "query: " and "passage: ", and no one is the default; it takes 48 tokens. */
const bert = `${fixtures}bert-mean`;
const scratch = mkdtempSync(join(tmpdir(), 'trivium-embedding-'));
const trivium = createTrivium({ specification: 'v3' });
const client = createClient();
afterAll(async () => {
  await trivium.dispose();
  await client[Symbol.asyncDispose]();
  rmSync(scratch, { recursive: true });
});
const options = (trivium: Record<string, string>) => ({ providerOptions: { trivium } });
const long = 'lazy dogs '.repeat(40);

/** The same model, of which one prompt stands before texts by default. */
function withDefaultPrompt(prompts: Record<string, string>, name: string): string {
  const folder = mkdtempSync(join(scratch, 'model-'));
  cpSync(bert, folder, { recursive: true });
  const config = { prompts, default_prompt_name: name };
  writeFileSync(join(folder, 'config_sentence_transformers.json'), JSON.stringify(config));
  return folder;
}

describe('prompts of a sentence-transformers model', () => {
  const model = trivium.embeddingModel(bert);
  const vector = async (value: string, given: Record<string, string> = {}, of = model) =>
    (await embed({ model: of, value, ...options(given) })).embedding;

  it('stand before texts where they are named, and else nowhere', async () => {
    expect(await vector('fox', { prompt: 'query' })).toEqual(await vector('query: fox'));
    expect(await vector('fox', { prompt: 'passage' })).toEqual(await vector('passage: fox'));
    expect(await vector('fox')).not.toEqual(await vector('query: fox'));
  });

  it('stand before texts where they are the default, unless another one is named', async () => {
    const folder = withDefaultPrompt({ query: 'query: ', plain: '' }, 'query');
    const prompted = trivium.embeddingModel(folder);
    expect(await vector('fox', {}, prompted)).toEqual(await vector('query: fox'));
    expect(await vector('fox', { prompt: 'plain' }, prompted)).toEqual(await vector('fox'));
    const { embed: embedTexts } = client.use(models);
    const { embeddings } = await embedTexts({ texts: ['fox'], model: folder });
    expect(embeddings).toEqual([await vector('query: fox')]);
  });

  it('stand before queries and documents that are ranked, where they are the default', async () => {
    const folder = withDefaultPrompt({ query: 'query: ' }, 'query');
    const documents = { type: 'text' as const, values: ['lazy dogs'] };
    const { ranking } = await trivium.rerankingModel(folder).doRerank({ documents, query: 'fox' });
    const cosine = cosineSimilarity(await vector('query: fox'), await vector('query: lazy dogs'));
    expect(ranking[0]!.relevanceScore).toBeCloseTo((cosine + 1) / 2, 5);
  });

  it('are told where one is named that is not there', async () => {
    const asked = model.doEmbed({ values: ['fox'], ...options({ prompt: 'toString' }) });
    await expect(asked).rejects.toMatchObject({
      code: 'invalid-argument',
      field: 'providerOptions.trivium.prompt',
      expected: '"query", "passage"',
      found: 'toString',
    });
    const none = trivium.embeddingModel('nano').doEmbed({ values: ['fox'], ...options({ prompt: 'query' }) });
    await expect(none).rejects.toMatchObject({ code: 'invalid-argument', expected: 'no prompt' });
    const call = client.use(models).embed({ texts: ['fox'], model: bert, prompt: 'questions' });
    await expect(call).rejects.toMatchObject({ code: 'invalid-argument', field: 'prompt' });
  });
});

describe('a model whose vectors leave prompts out', () => {
  const folder = withDefaultPrompt({ query: 'query: ', plain: '' }, 'plain');
  writeFileSync(
    join(folder, '1_Pooling', 'config.json'),
    JSON.stringify({ pooling_mode: 'mean', include_prompt: false }),
  );
  const model = trivium.embeddingModel(folder);

  it('embeds without a prompt, and with one refuses by name', async () => {
    const { embedding } = await embed({ model, value: 'fox' });
    expect(embedding).toEqual((await embed({ model: trivium.embeddingModel(bert), value: 'fox' })).embedding);
    await expect(model.doEmbed({ values: ['fox'], ...options({ prompt: 'query' }) })).rejects.toMatchObject({
      code: 'unsupported',
      file: folder,
      field: '1_Pooling/config.json: include_prompt',
    });
  });
});

describe('empty texts', () => {
  it('have zeros for a vector where they have no tokens, with a warning, and those around them stay', async () => {
    const model = trivium.embeddingModel('nano-static');
    const { embeddings, warnings } = await model.doEmbed({ values: ['', 'fox', ' '] });
    expect(warnings).toEqual([{ type: 'other', message: expect.stringMatching(/zeros.*by index: 0, 2\.$/) }]);
    expect(embeddings[0]!.every((value) => value === 0)).toBe(true);
    expect(embeddings[1]).toEqual((await embed({ model, value: 'fox' })).embedding);
    expect(cosineSimilarity(embeddings[0]!, embeddings[1]!)).toBe(0);
  });

  it('have the vector of what stands around all texts, where a model puts something there', async () => {
    const { embeddings, warnings } = await trivium.embeddingModel(bert).doEmbed({ values: ['', 'fox'] });
    expect(embeddings.flat().every(Number.isFinite)).toBe(true);
    expect(embeddings[0]!.some((value) => value !== 0)).toBe(true);
    expect(warnings).toEqual([]);
  });
});

describe('texts that do not fit', () => {
  it('are errors, with a remedy that the call can take', async () => {
    const model = trivium.embeddingModel(bert);
    const error = { code: 'context-overflow', field: 'texts.1', remedy: expect.stringContaining('truncate') };
    await expect(model.doEmbed({ values: ['a', long] })).rejects.toMatchObject(error);
    await expect(client.use(models).embed({ texts: ['a', long], model: bert })).rejects.toMatchObject(error);
  });

  it('are cut where the call says so, with a warning', async () => {
    const model = trivium.embeddingModel(bert);
    const { embeddings, warnings } = await embedMany({
      model,
      values: ['a', long, `${long} fox`],
      ...options({ overflow: 'truncate' }),
    });
    expect(embeddings[2]).toEqual(embeddings[1]);
    expect(warnings).toEqual([
      {
        type: 'other',
        message: expect.stringMatching(/^Of the texts some were cut to the 48 tokens .*: 1, 2\.$/),
      },
    ]);
    const capability = client.use(models).embed({ texts: ['a', long], model: bert, overflow: 'truncate' });
    expect(await capability).toMatchObject({ truncated: [1], embeddings: [embeddings[0], embeddings[1]] });
    expect((await model.doEmbed({ values: ['a'], ...options({ overflow: 'truncate' }) })).warnings).toEqual(
      [],
    );
  });

  it.each(['bert-cross', 'bert-mean'])('are so too when %s ranks', async (name) => {
    const model = trivium.rerankingModel(fixtures + name);
    const documents = { type: 'text' as const, values: ['a', long] };
    await expect(model.doRerank({ documents, query: 'fox' })).rejects.toMatchObject({
      code: 'context-overflow',
      field: 'texts.1',
      remedy: expect.stringContaining('truncate'),
    });
    await expect(model.doRerank({ documents, query: long })).rejects.toMatchObject({
      code: 'context-overflow',
    });
    const { ranking, warnings } = await model.doRerank({
      documents,
      query: 'fox',
      ...options({ overflow: 'truncate' }),
    });
    expect(ranking).toHaveLength(2);
    expect(warnings).toEqual([
      { type: 'other', message: expect.stringMatching(/^Of the documents .*: 1\.$/) },
    ]);
  });

  it('are said to be the query where they are', async () => {
    const model = trivium.rerankingModel(bert);
    const call = { documents: { type: 'text' as const, values: ['a'] }, query: long };
    await expect(model.doRerank(call)).rejects.toMatchObject({
      field: 'query',
      message: expect.stringMatching(/^The query has \d+ tokens/),
    });
    const { warnings } = await model.doRerank({ ...call, ...options({ overflow: 'truncate' }) });
    expect(warnings).toEqual([
      { type: 'other', message: 'The query was cut to the 48 tokens of the context.' },
    ]);
  });
});

describe('options', () => {
  it.each([
    ['embedding', 'logprobs'],
    ['reranking', 'prompt'],
  ])('of other models are warnings of the %s model', async (kind, name) => {
    const given = options({ [name]: 'query' });
    const documents = { type: 'text' as const, values: ['a'] };
    const { warnings } =
      kind === 'embedding'
        ? await trivium.embeddingModel(bert).doEmbed({ values: ['a'], ...given })
        : await trivium.rerankingModel(bert).doRerank({ documents, query: 'a', ...given });
    expect(warnings).toEqual([{ type: 'unsupported', feature: `providerOptions.trivium.${name}` }]);
  });

  it('that cannot be are refused by name', async () => {
    const call = { values: ['a'], ...options({ overflow: 'drop-oldest' }) };
    await expect(trivium.embeddingModel(bert).doEmbed(call)).rejects.toMatchObject({
      code: 'invalid-argument',
      field: 'providerOptions.trivium.overflow',
    });
  });
});
