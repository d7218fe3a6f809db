/**
 * Cross-encoders: parity with transformers' BertForSequenceClassification on the random checkpoints of
 * scripts/fixtures-parity.py (GGUF without a pooler against the same layers without it), and what they refuse.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TriviumError } from '@trivium/protocol';
import { describe, expect, test } from 'vitest';
import { getEngine, type RankInput } from '../lib/index.js';

interface Scores {
  folder: number[];
  gguf: number[];
}
interface CrossEncoder {
  name: string;
  types: number;
  query: string;
  texts: string[];
  pairScores: Scores;
  inputs: { tokens: number[]; types: number[] }[];
  inputScores: Scores;
  untypedScores: Scores;
}

const folder = fileURLToPath(new URL('../tests/fixtures/parity/', import.meta.url));
const { crossEncoders } = JSON.parse(readFileSync(`${folder}expected.json`, 'utf8')) as {
  crossEncoders: CrossEncoder[];
};
const arrangements = crossEncoders.flatMap((one) =>
  (['folder', 'gguf'] as const).flatMap((container) =>
    (['cpu', 'ref'] as const).map((backend) => [one.name, container, backend, one] as const),
  ),
);

const load = (name: string, options = {}) => getEngine().loadModel(folder + name, options);
const list = (values: ArrayLike<number>) => Int32Array.from(values);
const inputsOf = ({ inputs }: CrossEncoder): RankInput[] =>
  inputs.map(({ tokens, types }) => ({ tokens: list(tokens), types: list(types) }));

function near(found: Float32Array, expected: number[]) {
  expect(found).toHaveLength(expected.length);
  expected.forEach((value, index) => {
    expect(Math.abs(value - found[index]!), `score ${index}`).toBeLessThanOrEqual(1e-3);
  });
}

async function refusal(work: Promise<unknown>): Promise<TriviumError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!TriviumError.isInstance(error)) throw new Error(`No TriviumError: ${error}`);
  return error;
}

describe.each(arrangements)('%s, %s on %s', (name, container, backend, one) => {
  test('scores of pairs, of tokens with types and without', async () => {
    await using model = await load(container === 'gguf' ? `${name}.gguf` : name, { backend });
    expect(model.info.kind).toBe('cross-encoder');
    const { scores, inputTokens, truncated } = await model.rank(one.query, one.texts);
    near(scores, one.pairScores[container]);
    expect(inputTokens).toBeGreaterThan(one.texts.join('').length);
    expect(truncated).toEqual([]);
    near(await model.rankTokens(inputsOf(one)), one.inputScores[container]);
    const untyped = inputsOf(one).map(({ tokens }) => ({ tokens }));
    near(await model.rankTokens(untyped), one.untypedScores[container]);
  });
});

describe('a score is one number, however it is asked for', () => {
  const one = crossEncoders[1]!;

  test('typed and untyped inputs share a step; the order of inputs does not matter', async () => {
    await using model = await load(one.name);
    const typed = inputsOf(one);
    const mixed = typed.map((input, index) => (index % 2 === 0 ? { tokens: input.tokens } : input));
    const [all, plain, both] = await Promise.all([
      model.rankTokens(typed),
      model.rankTokens(typed.map(({ tokens }) => ({ tokens }))),
      model.rankTokens([...mixed].reverse()),
    ]);
    const expected = mixed.map((_, index) => (index % 2 === 0 ? plain : all)[index]);
    expect([...both].reverse()).toEqual(expected);
  });

  test('more inputs than one step holds', async () => {
    await using model = await load(one.name);
    const typed = inputsOf(one);
    const once = await model.rankTokens(typed);
    const many = await model.rankTokens(Array.from({ length: 120 }, () => typed).flat());
    many.forEach((score, index) => {
      if (score !== once[index % typed.length]) throw new Error(`score ${index} differs`);
    });
  });

  test('other lists of numbers than Int32Array are read as numbers, from JavaScript', async () => {
    await using model = await load(one.name);
    const { tokens, types } = one.inputs[2]!;
    const [score] = await model.rankTokens([{ tokens: list(tokens), types: list(types) }]);
    const others = [
      { tokens, types },
      { tokens: Uint8Array.from(tokens), types: Float64Array.from(types) },
    ] as unknown as RankInput[];
    expect([...(await model.rankTokens(others))]).toEqual([score, score]);
  });

  test('nothing to rank is no scores', async () => {
    await using model = await load(one.name);
    expect(await model.rank('a', [])).toEqual({ scores: new Float32Array(0), inputTokens: 0, truncated: [] });
    expect(await model.rankTokens([])).toHaveLength(0);
  });
});

describe('pairs longer than the context', () => {
  const long = 'lazy dogs sleep all day '.repeat(10);

  test('are an error unless the text may be cut', async () => {
    await using model = await load('bert-cross');
    const error = await refusal(model.rank('fox', ['a', long]));
    expect(error).toMatchObject({ code: 'context-overflow', field: 'texts.1' });
  });

  test('the text is cut at its end; the query and the closing token stay', async () => {
    await using model = await load('bert-cross');
    const { scores, inputTokens, truncated } = await model.rank('fox', ['a', long], { overflow: 'truncate' });
    expect(truncated).toEqual([1]);
    const [query, text] = await model.tokenizer.encodeBatch(['fox', long], { addSpecialTokens: false });
    const room = 64 - query!.length - 3;
    const tokens = [2, ...query!, 3, ...text!.subarray(0, room), 3];
    const types = tokens.map((_, index) => (index < query!.length + 2 ? 0 : 1));
    expect(tokens).toHaveLength(64);
    const [score] = await model.rankTokens([{ tokens: list(tokens), types: list(types) }]);
    expect(scores[1]).toBe(score);
    expect(inputTokens).toBe(64 + query!.length + 4);
  });

  test('a query that leaves no room for a text is an error either way', async () => {
    await using model = await load('bert-cross');
    const error = await refusal(model.rank(long, ['a'], { overflow: 'truncate' }));
    expect(error).toMatchObject({ code: 'context-overflow', field: 'query' });
    const exact = 'abcdefghij'.repeat(6); // 60 tokens and three special ones: one is left
    const { scores, truncated } = await model.rank(exact, ['ab'], { overflow: 'truncate' });
    expect(scores).toHaveLength(1);
    expect(truncated).toEqual([0]);
  });
});

describe('what is refused', () => {
  const input = { tokens: list([2, 5, 3]) };

  test('types that the table lacks, and not one for each token', async () => {
    await using model = await load('bert-cross-types');
    const outside = await refusal(model.rankTokens([input, { ...input, types: list([0, 7, 0]) }]));
    expect(outside).toMatchObject({ code: 'invalid-argument', field: 'types.1', found: '7 at 1' });
    expect(outside.expected).toBe('types in [0, 7)');
    expect(outside.remedy).toBeTruthy();
    const negative = await refusal(model.rankTokens([{ ...input, types: list([0, 0, -1]) }]));
    expect(negative).toMatchObject({ code: 'invalid-argument', found: '-1 at 2' });
    const few = await refusal(model.rankTokens([{ ...input, types: list([0, 1]) }]));
    expect(few).toMatchObject({
      code: 'invalid-argument',
      field: 'types.0',
      expected: '3 types',
      found: '2',
    });
  });

  test('tokens outside the vocabulary, none, too many', async () => {
    await using model = await load('bert-cross');
    expect(await refusal(model.rankTokens([{ tokens: list([64]) }]))).toMatchObject({
      code: 'invalid-argument',
      field: 'tokens',
    });
    expect((await refusal(model.rankTokens([{ tokens: list([]) }]))).code).toBe('invalid-argument');
    expect((await refusal(model.rankTokens([{ tokens: new Int32Array(65) }]))).code).toBe('context-overflow');
  });

  test('the wrong kind of model', async () => {
    await using cross = await load('bert-cross');
    await using encoder = await load('bert-mean');
    await using causal = await load('llama-grouped-tied.gguf');
    expect(await refusal(cross.embed(['a']))).toMatchObject({ code: 'unsupported', field: 'model' });
    expect(await refusal(cross.embedTokens(['a']))).toMatchObject({ code: 'unsupported' });
    expect(await refusal(cross.logits([1]))).toMatchObject({ code: 'unsupported' });
    for (const model of [encoder, causal]) {
      const error = await refusal(model.rankTokens([input]));
      expect(error).toMatchObject({ code: 'unsupported', field: 'model' });
      expect(error.remedy).toContain('cross-encoder');
      // What no text would be short enough for is not called too long.
      for (const text of ['b', 'lazy dogs '.repeat(1000)]) {
        const refused = await refusal(model.rank('a', [text]));
        expect(refused).toMatchObject({ code: 'unsupported', field: 'model', found: model.info.kind });
        expect(refused.remedy).toContain('cross-encoder');
      }
    }
    for (const model of [cross, causal])
      for (const embed of [model.embed, model.embedTokens]) {
        const refused = await refusal(embed(['lazy dogs '.repeat(1000)]));
        expect(refused).toMatchObject({ code: 'unsupported', field: 'model', found: model.info.kind });
      }
  });
});

describe('ends', () => {
  test('an abort rejects with its reason, before and while it runs', async () => {
    await using model = await load('bert-cross');
    const reason = new Error('enough');
    await expect(model.rank('a', ['b'], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const inputs = Array.from({ length: 20_000 }, () => ({ tokens: new Int32Array(64).fill(5) }));
    const running = model.rankTokens(inputs, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 5);
    await expect(running).rejects.toBe(reason);
    expect(await model.rankTokens([inputs[0]!])).toHaveLength(1);
  });

  test('disposal rejects what is under way', async () => {
    const model = await load('bert-cross');
    const running = refusal(
      model.rankTokens(Array.from({ length: 20_000 }, () => ({ tokens: new Int32Array(64) }))),
    );
    await model.dispose();
    expect((await running).code).toBe('disposed');
    expect((await refusal(model.rank('a', ['b']))).code).toBe('disposed');
  });

  test('inspection names the kind', async () => {
    for (const name of ['bert-cross', 'bert-cross-types.gguf'])
      expect(await getEngine().inspect(folder + name)).toMatchObject({
        supported: true,
        kind: 'cross-encoder',
      });
    expect(await getEngine().inspect(`${folder}bert-mean`)).toMatchObject({ kind: 'encoder' });
  });
});
