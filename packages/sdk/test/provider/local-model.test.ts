/** Our own models under `ai` 6: the conformance suite and the AI SDK's functions over a small random llama. */
import { fileURLToPath } from 'node:url';
import { type EmbeddingModelV3, type LanguageModelV3, NoSuchModelError } from '@ai-sdk/provider';
import { embed, embedMany, generateText, rerank, streamText } from 'ai';
import { afterAll, describe, expect, it } from 'vitest';
import { createTrivium } from '../../src/provider/index.js';
import { conformanceChecks } from '../../src/testing/index.js';

const file = fileURLToPath(
  new URL('../../../native/tests/fixtures/parity/llama-grouped-tied', import.meta.url),
);
const trivium = createTrivium({ specification: 'v3' });
afterAll(() => trivium.dispose());

/** What a model without a chat template says with every answer. */
const withoutTemplate = { type: 'other', message: expect.stringContaining('no chat template') };

describe('a local language model', () => {
  for (const check of conformanceChecks(() => trivium(file))) it(check.name, () => check.run());

  it('is a model of ai 6: generateText, streamText, abort', async () => {
    const model: LanguageModelV3 = trivium(file);
    const { text, usage } = await generateText({ model, prompt: 'hello', maxOutputTokens: 8 });
    expect(usage.outputTokens).toBeLessThanOrEqual(8);
    const stream = streamText({ model, prompt: 'hello', maxOutputTokens: 8 });
    let streamed = '';
    for await (const delta of stream.textStream) streamed += delta;
    expect(streamed).toBe(text);
  });

  it('counts tokens and refuses a prompt that does not fit, unless told what to drop', async () => {
    const model = trivium(file);
    const long = 'hello world '.repeat(400);
    expect(await model.countTokens(long)).toBeGreaterThan(256);
    expect(await model.fits('hello')).toBe(true);
    const messages = [
      { role: 'user' as const, content: [{ type: 'text' as const, text: long }] },
      { role: 'user' as const, content: [{ type: 'text' as const, text: 'hello' }] },
    ];
    await expect(model.doGenerate({ prompt: messages, maxOutputTokens: 2 })).rejects.toMatchObject({
      code: 'context-overflow',
    });
    const kept = await model.doGenerate({
      prompt: messages,
      maxOutputTokens: 2,
      providerOptions: { trivium: { overflow: 'drop-oldest' } },
    });
    expect(kept.warnings).toEqual([
      withoutTemplate,
      { type: 'other', message: expect.stringContaining('1 oldest') },
    ]);
  });

  it('takes penalties and biases, without a warning of them', async () => {
    const model = trivium(file);
    const call = {
      prompt: [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hello' }] }],
      maxOutputTokens: 24,
    };
    const text = async (settings: object) => {
      const { content, warnings } = await model.doGenerate({ ...call, ...settings });
      expect(warnings).toEqual([withoutTemplate]);
      return content;
    };
    const repeats = (content: Awaited<ReturnType<typeof text>>) => {
      const letters = content.flatMap((part) => (part.type === 'text' ? [...part.text] : []));
      return letters.length - new Set(letters).size;
    };
    const plain = await text({});
    expect(repeats(plain)).toBeGreaterThan(0);
    expect(repeats(await text({ presencePenalty: 2, frequencyPenalty: 100 }))).toBe(0);
    const biases = Object.fromEntries(Array.from({ length: 64 }, (_, id) => [id, id === 19 ? 0 : -100]));
    const forced = await text({ providerOptions: { trivium: { logitBias: biases, repeatPenalty: 1 } } });
    expect(new Set(forced.flatMap((part) => (part.type === 'text' ? [...part.text] : []))).size).toBe(1);
    await expect(
      model.doGenerate({ ...call, providerOptions: { trivium: { logitBias: { 64: 1 } } } }),
    ).rejects.toMatchObject({ code: 'invalid-argument', field: 'logitBias' });
    await expect(
      model.doGenerate({ ...call, providerOptions: { trivium: { logitBias: { q: 1 } } } }),
    ).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  it('warns of what it cannot do and gives log-probabilities', async () => {
    const model = trivium(file);
    const result = await model.doGenerate({
      prompt: [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }],
      maxOutputTokens: 2,
      responseFormat: { type: 'json' },
      providerOptions: { trivium: { logprobs: 2, grammar: 'off' } },
    });
    expect(result.warnings).toEqual([
      { type: 'unsupported', feature: 'responseFormat', details: expect.any(String) },
      withoutTemplate,
    ]);
    const { logprobs } = result.providerMetadata!.trivium as unknown as { logprobs: { top: unknown[] }[] };
    expect(logprobs[0]!.top).toHaveLength(2);
  });

  it('gives the log-probabilities of the chosen tokens alone', async () => {
    const { providerMetadata } = await trivium(file).doGenerate({
      prompt: [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }],
      maxOutputTokens: 2,
      providerOptions: { trivium: { logprobs: 0 } },
    });
    const { logprobs } = providerMetadata!.trivium as unknown as { logprobs: unknown[] };
    expect(logprobs[0]).toEqual({
      token: expect.any(String),
      bytes: expect.any(Array),
      logprob: expect.any(Number),
      top: [],
    });
  });

  it.each([
    ['bert-mean', 'embeddingModel()'],
    ['bert-cross', 'rerankingModel()'],
  ])('refuses %s, which writes no text, and says what takes it', async (name, taker) => {
    const model = trivium(file.replace('llama-grouped-tied', name));
    const refused = {
      code: 'invalid-argument',
      field: 'model',
      remedy: expect.stringContaining(taker),
    };
    await expect(model.doGenerate({ prompt: [] })).rejects.toMatchObject(refused);
    await expect(model.countTokens('hello')).rejects.toMatchObject(refused);
  });

  it('speaks of what the engine refuses in the names of the call', async () => {
    const call = { prompt: [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hello' }] }] };
    await expect(trivium(file).doGenerate({ ...call, maxOutputTokens: 0 })).rejects.toMatchObject({
      code: 'invalid-argument',
      field: 'maxOutputTokens',
      message: expect.stringContaining('maxOutputTokens'),
    });
    await expect(
      trivium(file).doGenerate({ ...call, stopSequences: ['x'.repeat(5000)] }),
    ).rejects.toMatchObject({ code: 'invalid-argument', field: 'stopSequences' });
  });

  it('refuses unknown ids and kinds by name', () => {
    expect(() => trivium('./nothing.gguf')).toThrow(NoSuchModelError);
    expect(() => trivium.imageModel('x')).toThrow(NoSuchModelError);
    expect(() => Reflect.construct(trivium, ['x'])).toThrow(TypeError);
  });
});

describe('the embedded embedder', () => {
  it('embeds, across languages, and reranks', async () => {
    const model: EmbeddingModelV3 = trivium.embeddingModel('nano');
    const { embedding } = await embed({ model, value: 'hello' });
    expect(embedding).toHaveLength(256);
    const values = ['How do I install the package?', '如何安装这个软件包？', 'The weather in the mountains'];
    const { embeddings } = await embedMany({ model, values });
    const dot = (a: number[], b: number[]) => a.reduce((sum, value, index) => sum + value * b[index]!, 0);
    expect(dot(embeddings[0]!, embeddings[1]!)).toBeGreaterThan(dot(embeddings[0]!, embeddings[2]!));
    const { ranking } = await rerank({
      model: trivium.rerankingModel('nano'),
      documents: values,
      query: 'install',
    });
    expect(ranking.at(-1)!.originalIndex).toBe(2);
  });
});

it('works behind a Proxy, as `ai` 7 puts one around V3 models', async () => {
  const wrapped = <Model extends object>(model: Model) =>
    new Proxy(model, { get: (target, name) => target[name as keyof Model] });
  expect(await wrapped(trivium(file)).countTokens('hello')).toBeGreaterThan(0);
  const { embedding } = await embed({ model: wrapped(trivium.embeddingModel('nano')), value: 'hello' });
  expect(embedding).toHaveLength(256);
  const model = wrapped(trivium.rerankingModel('nano'));
  const { ranking } = await rerank({ model, documents: ['hello'], query: 'hello' });
  expect(ranking).toHaveLength(1);
});
