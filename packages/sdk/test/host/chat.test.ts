/** The capability `chat` over the real provider and an engine that plays back answers. */
import { readFileSync } from 'node:fs';
import { contracts, type InputOf, invoke, type ProgressOf } from '@trivium/protocol';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { chat } from '../../src/host/chat-capability.js';
import { Host } from '../../src/host/index.js';
import { ScriptedEngine, type ScriptedEngineSettings } from '../provider/scripted-engine.js';

const qwen = readFileSync(new URL('../provider/fixtures/qwen.jinja', import.meta.url), 'utf8');

afterEach(() => vi.unstubAllEnvs());

async function talk(
  settings: ScriptedEngineSettings,
  input: Partial<InputOf<typeof contracts.chat>> = {},
  hostSettings: ConstructorParameters<typeof Host>[0] = {},
) {
  const engine = new ScriptedEngine(settings);
  const asked: string[] = [];
  const host = new Host(hostSettings);
  const get = async (reference: string) => {
    asked.push(reference);
    return engine.model;
  };
  Object.assign(host, { models: { get } });
  const steps: ProgressOf<typeof contracts.chat>[] = [];
  const call = { messages: [{ role: 'user' as const, content: 'Hello' }], ...input };
  const output = await invoke(chat, call, host.context(new AbortController().signal), (step) =>
    steps.push(step),
  );
  return { output: contracts.chat.output.parse(output), steps, engine, asked };
}

const said = (steps: ProgressOf<typeof contracts.chat>[], type: string) =>
  steps.flatMap((step) => (step.type === type && 'text' in step ? [step.text] : [])).join('');

describe('a turn', () => {
  test('streams reasoning and text apart, through the template, with the system message first', async () => {
    const { output, steps, engine } = await talk(
      { chatTemplate: qwen, answers: ['<think>\nShort.\n</think>\n\nHi there.'] },
      { model: 'm.gguf', system: 'Be kind.', temperature: 0.5, seed: 7, maxTokens: 90 },
    );
    expect(output).toMatchObject({
      text: 'Hi there.',
      reasoning: 'Short.',
      model: 'm.gguf',
      finishReason: 'stop',
    });
    expect(output).toMatchObject({ droppedMessages: 0, warnings: [] });
    expect([said(steps, 'reasoning-delta'), said(steps, 'text-delta')]).toEqual(['Short.', 'Hi there.']);
    expect(engine.prompt()).toMatch(
      /^<\|im_start\|>system\nBe kind\.<\|im_end\|>\n<\|im_start\|>user\nHello/,
    );
    expect(engine.requests[0]).toMatchObject({ temperature: 0.5, seed: 7, maxTokens: 90 });
  });

  test('thinking is switched by the template', async () => {
    const { engine } = await talk({ chatTemplate: qwen, answers: ['Hi.'] }, { model: 'm', thinking: false });
    expect(engine.prompt()).toContain('<think>\n\n</think>');
  });

  test('a cut answer says so', async () => {
    const { output } = await talk(
      { chatTemplate: qwen, answers: ['one two three'] },
      { model: 'm', maxTokens: 1 },
    );
    expect(output.finishReason).toBe('length');
  });

  test('a base model is told once to be one', async () => {
    const { output } = await talk({ answers: ['more'] }, { model: 'm' });
    expect(output.warnings).toEqual([expect.stringContaining('no chat template')]);
    const messages = ['user', 'assistant', 'user'].map((role) => ({ role, content: 'x' }));
    expect(
      (await talk({ answers: ['more'] }, { model: 'm', messages: messages as never })).output.warnings,
    ).toEqual([]);
  });

  test('the oldest turns leave, are counted, and a warning comes before the answer', async () => {
    const messages = Array.from({ length: 9 }, (_, i) => ({
      role: i % 2 === 0 ? ('user' as const) : ('assistant' as const),
      content: `${i}`.repeat(40),
    }));
    const { output, steps, engine } = await talk(
      { chatTemplate: qwen, answers: ['Yes.'], contextTokens: 600 },
      { model: 'm', messages, system: 'Stay.' },
    );
    expect(output.droppedMessages).toBeGreaterThan(0);
    expect(output.droppedMessages % 2).toBe(0);
    expect(steps[0]).toMatchObject({
      type: 'warning',
      message: expect.stringContaining(`${output.droppedMessages} oldest`),
    });
    expect(engine.prompt()).toContain('Stay.');
    expect(engine.prompt()).not.toContain('0000');
    expect(engine.prompt()).toContain(messages[output.droppedMessages]!.content);
  });

  test('a failing engine is its error; the text so far was streamed', async () => {
    await expect(
      talk({ chatTemplate: qwen, answers: ['one two three four'], failAfterTokens: 2 }, { model: 'm' }),
    ).rejects.toThrow('broke off');
  });
});

describe('which model', () => {
  test('the one of the call, of the settings, of the environment, in this order', async () => {
    vi.stubEnv('TRIVIUM_MODEL', 'environment.gguf');
    const played = { chatTemplate: qwen, answers: ['Hi.'] };
    expect((await talk(played)).output.model).toBe('environment.gguf');
    expect((await talk(played, {}, { languageModel: 'setting.gguf' })).output.model).toBe('setting.gguf');
    expect((await talk(played, { model: 'call.gguf' }, { languageModel: 'x' })).output.model).toBe(
      'call.gguf',
    );
  });

  test('none: a sentence that says how to get one', async () => {
    vi.stubEnv('TRIVIUM_MODEL', '');
    await expect(talk({ answers: ['x'] })).rejects.toMatchObject({
      code: 'invalid-argument',
      field: 'model',
      message: expect.stringContaining('hf:'),
    });
  });

  test('what the model refuses is called as it is in the input', async () => {
    const refused = talk({ chatTemplate: qwen, answers: ['x'] }, { model: 'm', stop: ['x'.repeat(5000)] });
    await expect(refused).rejects.toMatchObject({ code: 'invalid-argument', field: 'stop' });
  });

  test('a conversation that ends with an answer has nothing to answer', async () => {
    const messages = [{ role: 'assistant' as const, content: 'x' }];
    await expect(talk({ answers: ['x'] }, { model: 'm', messages })).rejects.toMatchObject({
      code: 'invalid-argument',
      field: 'messages',
    });
  });
});
