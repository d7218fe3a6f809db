/** Several models as one: when it switches, when it must not, and across versions of the specification. */
import { APICallError, type LanguageModelV3 } from '@ai-sdk/provider';
import { generateText, streamText } from 'ai';
import { describe, expect, it } from 'vitest';
import { type AnyLanguageModel, fallback } from '../../src/provider/index.js';
import { conformanceChecks, scriptedModel } from '../../src/testing/index.js';

const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'Hello' }] }];
const good = (text = 'one two three') => scriptedModel([text], { specification: 'v3', modelId: 'good' });
const throwing = (error: unknown, modelId = 'bad'): AnyLanguageModel => ({
  specificationVersion: 'v3',
  provider: 'test',
  modelId,
  doGenerate: () => Promise.reject(error),
  doStream: () => Promise.reject(error),
});
/** Streams these parts; an Error among them fails the stream there. */
const streaming = (...parts: unknown[]): AnyLanguageModel => ({
  ...throwing(new Error('no generate'), 'streaming'),
  doStream: async () => ({
    stream: new ReadableStream({
      pull(controller) {
        const part = parts.shift();
        if (part instanceof Error) controller.error(part);
        else if (part === undefined) controller.close();
        else controller.enqueue(part);
      },
    }),
  }),
});
async function parts(model: AnyLanguageModel, options = {}) {
  const { stream } = await model.doStream({ prompt, ...options });
  const found: { type: string; [key: string]: unknown }[] = [];
  for await (const part of stream) found.push(part);
  return found;
}
const start = { type: 'stream-start', warnings: [] };
const failed = (raw?: string) => ({
  type: 'finish',
  finishReason: { unified: 'error', raw },
  usage: { inputTokens: { total: 1 }, outputTokens: { total: 1 } },
});

describe('a fallback', () => {
  for (const [name, make] of [
    ['with a first model that answers', () => fallback([good(), throwing(new Error('x'))])],
    ['with a first model that fails', () => fallback([throwing(new Error('x')), good()])],
    ['with a first model whose stream fails', () => fallback([streaming(start, new Error('x')), good()])],
  ] as const)
    describe(name, () => {
      for (const check of conformanceChecks(make)) it(check.name, () => check.run());
    });

  it('is a model of ai 6 and says who answered', async () => {
    const model: LanguageModelV3 = fallback([throwing(new Error('down')), good()], { specification: 'v3' });
    const { text, providerMetadata } = await generateText({ model, prompt: 'Hello' });
    const answeredBy = {
      provider: 'trivium.scripted',
      modelId: 'good',
      index: 1,
      failed: [{ provider: 'test', modelId: 'bad', message: 'down' }],
    };
    expect(text).toBe('one two three');
    expect(providerMetadata?.trivium).toEqual({ answeredBy });
    const streamed = streamText({ model, prompt: 'Hello' });
    expect(await streamed.text).toBe('one two three');
    expect((await streamed.providerMetadata)?.trivium).toEqual({ answeredBy });
  });

  it.each([
    ['a call that fails', throwing(new Error('x'))],
    ['a stream that fails before it says anything', streaming(start, new Error('x'))],
    ['an error part', streaming(start, { type: 'error', error: new Error('x') })],
    [
      'a block that opens and says nothing',
      streaming(start, { type: 'text-start', id: '0' }, new Error('x')),
    ],
    ['a stream that ends at once', streaming()],
    ['an answer that ends in an error', streaming(start, failed())],
    [
      'a block that closes, having said nothing',
      streaming(
        start,
        { type: 'text-start', id: '0' },
        { type: 'text-delta', id: '0', delta: '' },
        { type: 'text-end', id: '0' },
        failed(),
      ),
    ],
  ])('switches on %s, and nothing of it is heard', async (_, bad) => {
    const found = await parts(fallback([bad, good('fine')]));
    expect(found.filter(({ type }) => type === 'stream-start')).toHaveLength(1);
    expect(found.filter(({ type }) => type === 'text-start')).toHaveLength(1);
    expect(found.find(({ type }) => type === 'text-delta')).toMatchObject({ delta: 'fine' });
  });

  it('never switches after the first content', async () => {
    const said = [start, { type: 'text-start', id: '0' }, { type: 'text-delta', id: '0', delta: 'half' }];
    const second = good();
    await expect(parts(fallback([streaming(...said, new Error('cut')), second]))).rejects.toThrow('cut');
    const found = await parts(
      fallback([streaming(...said, { type: 'error', error: new Error('cut') }), second]),
    );
    expect(found.map(({ type }) => type)).toEqual(['stream-start', 'text-start', 'text-delta', 'error']);
    expect(second.calls).toEqual([]);
  });

  it('switches on a whole answer that ended in an error, whatever it says, and tells the reason of the last one', async () => {
    const half: AnyLanguageModel = {
      ...throwing(new Error('x'), 'half'),
      doGenerate: async () => ({
        ...failed('MALFORMED_CALL'),
        content: [{ type: 'text', text: 'half' }],
        warnings: [],
      }),
    };
    const { content, providerMetadata } = await fallback([half, good('fine')]).doGenerate({ prompt });
    expect(content).toEqual([{ type: 'text', text: 'fine' }]);
    expect(providerMetadata?.trivium.answeredBy).toMatchObject({ index: 1, failed: [{ modelId: 'half' }] });
    await expect(fallback([half]).doGenerate({ prompt })).rejects.toMatchObject({
      code: 'unavailable',
      found: 'MALFORMED_CALL',
    });
  });

  it('hands on an error that ends an answer after its first content', async () => {
    const said = { type: 'text-delta', id: '0', delta: 'half' };
    const second = good();
    const found = await parts(fallback([streaming(start, said, failed('cut')), second]));
    expect(found.at(-1)).toMatchObject({ type: 'finish', finishReason: { unified: 'error', raw: 'cut' } });
    expect(second.calls).toEqual([]);
  });

  it('never switches on an abort', async () => {
    const controller = new AbortController();
    const second = good();
    const first = throwing(new Error('x'));
    first.doStream = async () => {
      controller.abort(new Error('enough'));
      throw new Error('whatever');
    };
    await expect(parts(fallback([first, second]), { abortSignal: controller.signal })).rejects.toThrow();
    const abort = throwing(new DOMException('stopped', 'AbortError'));
    await expect(fallback([abort, second]).doGenerate({ prompt })).rejects.toThrow('stopped');
    expect(second.calls).toEqual([]);
  });

  it('fails with all reasons, retryable where one was', async () => {
    await expect(fallback([throwing(new Error('x'))]).doGenerate({ prompt })).rejects.toThrow(/^x$/);
    await expect(
      fallback([throwing(new Error('x'), 'a'), throwing(new Error('y'), 'b')]).doGenerate({ prompt }),
    ).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('a: x; b: y') });
    const busy = new APICallError({
      message: 'busy',
      url: 'x',
      requestBodyValues: {},
      statusCode: 429,
      isRetryable: true,
    });
    await expect(
      fallback([throwing(busy), throwing(new Error('y'))]).doGenerate({ prompt }),
    ).rejects.toMatchObject({ isRetryable: true, statusCode: 429, cause: { code: 'unavailable' } });
    expect(() => fallback([])).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    expect(() => fallback([scriptedModel(['x']), 'nano' as never])).toThrow(
      expect.objectContaining({ code: 'invalid-argument', field: 'models.1', found: '"nano"' }),
    );
  });
});

describe('across versions of the specification', () => {
  const seen: { prompt: { content: { data?: unknown; output?: unknown }[] }[]; tools?: unknown[] }[] = [];
  const second: AnyLanguageModel = {
    specificationVersion: 'v2',
    provider: 'test',
    modelId: 'old',
    doGenerate: async (options) => {
      seen.push(options);
      return {
        content: [{ type: 'text', text: 'hi' }],
        finishReason: 'unknown',
        usage: { inputTokens: 5, outputTokens: 3, totalTokens: 8, cachedInputTokens: 2, reasoningTokens: 1 },
        warnings: [{ type: 'unsupported-setting', setting: 'topK' }],
      };
    },
    doStream: async () => ({
      stream: new ReadableStream({
        start(controller) {
          controller.enqueue({ type: 'stream-start', warnings: [] });
          controller.enqueue({ type: 'file', mediaType: 'image/png', data: 'AA==' });
          controller.enqueue({
            type: 'finish',
            finishReason: 'stop',
            usage: { inputTokens: 1, outputTokens: 1 },
          });
          controller.close();
        },
      }),
    }),
  };

  it('speaks the newest one among its models', () => {
    expect(fallback([second]).specificationVersion).toBe('v3');
    expect(fallback([second, good()]).specificationVersion).toBe('v3');
    expect(fallback([good(), scriptedModel(['x'])]).specificationVersion).toBe('v4');
    expect(() => fallback([scriptedModel(['x'])], { specification: 'v3' })).toThrow('newer');
    expect(() => fallback([{ ...second, specificationVersion: 'v9' }])).toThrow('not known');
  });

  it('shows results of V2 in the shapes of V3', async () => {
    const result = await fallback([second]).doGenerate({ prompt });
    expect(result).toMatchObject({
      finishReason: { unified: 'other' },
      usage: {
        inputTokens: { total: 5, noCache: 3, cacheRead: 2 },
        outputTokens: { total: 3, text: 2, reasoning: 1 },
      },
      warnings: [{ type: 'unsupported', feature: 'topK' }],
    });
    expect(result.type).toBeUndefined();
  });

  it('gives older models the prompt of V4 in their own shapes, and wraps the files they write', async () => {
    const model = fallback([throwing(new Error('x')), second, scriptedModel(['x'])]);
    const output = {
      type: 'content',
      value: [{ type: 'file', mediaType: 'image/png', data: { type: 'data', data: new Uint8Array([0]) } }],
    };
    const content = [
      { type: 'file', mediaType: 'image/png', data: { type: 'url', url: new URL('https://a.test/b') } },
      { type: 'tool-result', toolCallId: '1', toolName: 't', output },
    ];
    const tools = [{ type: 'provider', id: 'a.b', name: 'b', args: {} }];
    await model.doGenerate({ prompt: [{ role: 'user', content }], tools });
    expect(seen.at(-1)!.prompt[0]!.content).toMatchObject([
      { data: new URL('https://a.test/b') },
      { output: { value: [{ type: 'media', data: 'AA==', mediaType: 'image/png' }] } },
    ]);
    expect(seen.at(-1)!.tools).toMatchObject([{ type: 'provider-defined' }]);
    const found = await parts(model);
    expect(found.find(({ type }) => type === 'file')).toMatchObject({ data: { type: 'data', data: 'AA==' } });
    expect(found.at(-1)).toMatchObject({
      finishReason: { unified: 'stop' },
      usage: { inputTokens: { total: 1 } },
    });
  });
});
