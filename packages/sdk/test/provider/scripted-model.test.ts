import type { LanguageModelV3 } from '@ai-sdk/provider';
import { generateText, stepCountIs, streamText, tool } from 'ai';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { CallOptions } from '../../src/provider/specification.js';
import { conformanceChecks, scriptedModel } from '../../src/testing/index.js';

describe('the scripted model', () => {
  for (const check of conformanceChecks(() =>
    scriptedModel(['one two three four'], { specification: 'v3' }),
  )) {
    it(check.name, () => check.run());
  }

  it('is a language model of ai 6', async () => {
    const model: LanguageModelV3 = scriptedModel(['The answer is 42.', 'Another one.'], {
      specification: 'v3',
    });
    expect((await generateText({ model, prompt: 'What?' })).text).toBe('The answer is 42.');
    const deltas: string[] = [];
    for await (const delta of streamText({ model, prompt: 'What else?' }).textStream) deltas.push(delta);
    expect(deltas).toEqual(['Another', ' one.']);
  });

  it('stops at a stop sequence and at the length', async () => {
    const model: LanguageModelV3 = scriptedModel(['one two STOP three'], { specification: 'v3' });
    expect((await generateText({ model, prompt: 'x', stopSequences: ['STOP'] })).text).toBe('one two ');
    const cut = await generateText({ model, prompt: 'x', maxOutputTokens: 1 });
    expect([cut.text, cut.finishReason]).toEqual(['one', 'length']);
  });

  it('ends at once when it is aborted in a pause', async () => {
    const model = scriptedModel(['one two'], { specification: 'v3', wordDelayMs: 2 ** 31 - 1 });
    const abort = new AbortController();
    const { stream } = await model.doStream({ prompt: [], abortSignal: abort.signal });
    const ended = expect(stream.pipeTo(new WritableStream())).rejects.toThrow('enough');
    setImmediate(() => abort.abort(new Error('enough')));
    await ended;
  });

  it('calls tools, at once and streamed, and goes on with their results', async () => {
    const turns = [{ toolCalls: [{ toolName: 'double', input: { number: 21 } }] }, 'It is 42.'];
    const double = tool({
      inputSchema: z.object({ number: z.number() }),
      execute: async ({ number }) => number * 2,
    });
    const settings = { tools: { double }, stopWhen: stepCountIs(2), prompt: 'Twice 21?' };
    for (const run of [generateText, streamText]) {
      const model: LanguageModelV3 = scriptedModel(turns, { specification: 'v3' });
      const result = await run({ model, ...settings });
      const steps = await result.steps;
      expect(steps[0]?.toolResults).toMatchObject([{ toolName: 'double', output: 42 }]);
      expect(await result.text).toBe('It is 42.');
    }
    const streamed = scriptedModel(turns.slice(0, 1), { specification: 'v3' });
    await conformanceChecks(() => streamed)[0]!.run();
  });
});

describe('the conformance suite', () => {
  it('finds a model that knows no stop sequences and does not say so', async () => {
    const good = scriptedModel(['one two three four'], { specification: 'v3' });
    const without = (warnings: unknown[]) => ({
      specificationVersion: 'v3',
      provider: 'broken',
      modelId: 'broken',
      doGenerate: good.doGenerate.bind(good),
      doStream: async ({ stopSequences: _, ...options }: CallOptions) => {
        const { stream } = await good.doStream(options);
        const told = new TransformStream({
          transform: (part, controller) =>
            controller.enqueue(part.type === 'stream-start' ? { ...part, warnings } : part),
        });
        return { stream: stream.pipeThrough(told) };
      },
    });
    const check = (warnings: unknown[]) =>
      conformanceChecks(() => without(warnings)).find(({ name }) => name.includes('stop sequence'))!;
    await expect(check([]).run()).rejects.toThrow('with the stop sequence');
    await check([{ type: 'unsupported', feature: 'stopSequences' }]).run();
  });

  it('leaves no timer behind', async () => {
    const waiting = vi.spyOn(globalThis, 'setTimeout');
    const cleared = vi.spyOn(globalThis, 'clearTimeout');
    for (const { run } of conformanceChecks(() => scriptedModel(['one two'], { specification: 'v3' })))
      await run();
    const timers = waiting.mock.results.map(({ value }) => value);
    expect(timers.length).toBeGreaterThan(0);
    for (const timer of timers) expect(cleared.mock.calls.flat()).toContain(timer);
    vi.restoreAllMocks();
  });

  it('finds a model that opens no block, and one that hangs on abort', async () => {
    const good = scriptedModel(['one two'], { specification: 'v3' });
    const broken = {
      ...good,
      specificationVersion: 'v3',
      provider: 'broken',
      modelId: 'broken',
      doGenerate: good.doGenerate.bind(good),
      doStream: async () => ({
        stream: new ReadableStream({
          start(controller) {
            controller.enqueue({ type: 'stream-start', warnings: [] });
            controller.enqueue({ type: 'text-delta', id: '0', delta: 'x' });
            controller.enqueue({ type: 'finish', usage: {}, finishReason: { unified: 'stop' } });
            controller.close();
          },
        }),
      }),
    };
    const [order, usage] = conformanceChecks(() => broken);
    await expect(order!.run()).rejects.toThrow('not open');
    await expect(usage!.run()).rejects.toThrow('no usage');
  });

  it('finds tool calls without their input, of another name, of other text, of no string', async () => {
    const input = [
      { type: 'tool-input-start', id: 'c', toolName: 'search' },
      { type: 'tool-input-delta', id: 'c', delta: '{"q": 1}' },
      { type: 'tool-input-end', id: 'c' },
    ];
    const call = { type: 'tool-call', toolCallId: 'c', toolName: 'search', input: '{"q":1}' };
    const run = (parts: object[], unified = 'tool-calls') => {
      const stream = () =>
        new ReadableStream({
          start(controller) {
            controller.enqueue({ type: 'stream-start', warnings: [] });
            for (const part of parts) controller.enqueue(part);
            controller.enqueue({ type: 'finish', usage: {}, finishReason: { unified } });
            controller.close();
          },
        });
      const model = {
        specificationVersion: 'v3',
        provider: 'broken',
        modelId: 'broken',
        doGenerate: async () => ({}),
        doStream: async () => ({ stream: stream() }),
      };
      return conformanceChecks(() => model)[0]!.run();
    };
    await run([...input, call]);
    await run([call]);
    await expect(run([...input.slice(0, 2), call])).rejects.toThrow('left open');
    await expect(run([...input, call, call])).rejects.toThrow('two tool calls');
    await expect(run([...input, { ...call, toolName: 'now' }])).rejects.toThrow('its input was of "search"');
    await expect(run([...input, { ...call, input: '{"q":2}' }])).rejects.toThrow('join to');
    await expect(run([{ ...call, input: { q: 1 } }])).rejects.toThrow('not its JSON text');
    await expect(run(input)).rejects.toThrow('followed by no tool call');
    await expect(run([])).rejects.toThrow('has none');
    await run([...input], 'length');
  });
});
