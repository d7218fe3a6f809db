/** Reasoning and tool calls end to end: `ai` 6 over our language model over an engine that plays back answers. */
import type { LanguageModelV3 } from '@ai-sdk/provider';
import { generateText, InvalidToolInputError, NoSuchToolError, stepCountIs, streamText, tool } from 'ai';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { conformanceChecks } from '../../src/testing/index.js';
import { ScriptedEngine } from './scripted-engine.js';
import { fixture } from './split-output.js';

const weather = tool({
  description: 'The weather of a city.',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => ({ city, degrees: city === '北京' ? 3 : 21 }),
});
const tools = { get_weather: weather };
const call = (city: string) =>
  `<tool_call>\n{"name": "get_weather", "arguments": {"city": "${city}"}}\n</tool_call>`;
const thought = '<think>\nTwo cities, two calls.\n</think>\n\n';
const twoCalls = `${thought}I look.\n${call('北京')}\n${call('Paris')}`;

const qwen = (answers: readonly string[]) => new ScriptedEngine({ chatTemplate: fixture('qwen'), answers });

describe('a tool loop of the Qwen convention', () => {
  it('runs under generateText: reasoning, text, both calls, their results in the prompt, the answer', async () => {
    const engine = qwen([twoCalls, '<think>\nWarm enough.\n</think>\n\nParis is warmer.']);
    const model: LanguageModelV3 = engine.languageModel('v3');
    const { steps, text, reasoningText } = await generateText({
      model,
      tools,
      prompt: 'Where is it warmer?',
      stopWhen: stepCountIs(4),
    });
    expect(steps).toHaveLength(2);
    const [first] = steps;
    expect(first!.finishReason).toBe('tool-calls');
    expect([first!.reasoningText, first!.text]).toEqual(['Two cities, two calls.', 'I look.']);
    expect(first!.toolCalls.map(({ input }) => input)).toEqual([{ city: '北京' }, { city: 'Paris' }]);
    expect([reasoningText, text]).toEqual(['Warm enough.', 'Paris is warmer.']);
    const prompt = engine.prompt();
    expect(prompt).toContain(
      '"name": "get_weather", "description": "The weather of a city.", "parameters": {',
    );
    expect(prompt).not.toContain('$schema');
    expect(prompt).toContain(`<|im_start|>assistant\n${twoCalls}<|im_end|>`);
    for (const degrees of ['{"city":"北京","degrees":3}', '{"city":"Paris","degrees":21}'])
      expect(prompt).toContain(`<tool_response>\n${degrees}\n</tool_response>`);
  });

  it('runs under streamText, whose arguments come in pieces', async () => {
    const engine = qwen([twoCalls, 'Paris is warmer.']);
    const result = streamText({
      model: engine.languageModel('v3') as LanguageModelV3,
      tools,
      prompt: 'Where is it warmer?',
      stopWhen: stepCountIs(4),
    });
    const inputs: Record<string, string[]> = {};
    const types: string[] = [];
    for await (const part of result.fullStream) {
      if (types.at(-1) !== part.type) types.push(part.type);
      if (part.type === 'tool-input-start') inputs[part.id] = [];
      if (part.type === 'tool-input-delta') inputs[part.id]!.push(part.delta);
      expect(part.type).not.toBe('error');
    }
    const input = ['tool-input-start', 'tool-input-delta', 'tool-input-end', 'tool-call'];
    expect(types.filter((type) => type !== 'tool-result').slice(0, 16)).toEqual([
      'start', 'start-step', 'reasoning-start', 'reasoning-delta', 'reasoning-end', 'text-start', 'text-delta', 'text-end',
      ...input, ...input,
    ]); // biome-ignore format: an order
    const written = Object.values(inputs);
    expect(written.map((deltas) => JSON.parse(deltas.join('')))).toEqual([
      { city: '北京' },
      { city: 'Paris' },
    ]);
    for (const deltas of written) expect(deltas.length).toBeGreaterThan(1);
    expect(await result.text).toBe('Paris is warmer.');
  });

  it('counts the tokens of reasoning', async () => {
    const answer = ['<think>', '\n', 'So', '?', '\n', '</think>', '\n\n', 'Yes', '.'];
    const engine = new ScriptedEngine({ chatTemplate: fixture('qwen'), answers: [answer] });
    const { usage } = await engine.languageModel('v4').doGenerate({ prompt: [] });
    expect(usage.outputTokens).toEqual({ total: 10, text: 4, reasoning: 6 });
  });
});

describe('a tool loop of the Llama convention', () => {
  it('reads a call that the tokenizer marks with a special token, and answers it in turns of one call', async () => {
    const one = '<|python_tag|>{"name": "get_weather", "parameters": {"city": "北京"}}';
    const engine = new ScriptedEngine({
      chatTemplate: fixture('llama'),
      specialTokens: ['<|python_tag|>', '<|eom_id|>', '<|eot_id|>'],
      answers: [`${one}; ${one.slice(14)}<|eom_id|>never`, 'Cold.'],
    });
    const { steps, text } = await generateText({
      model: engine.languageModel('v3') as LanguageModelV3,
      tools,
      prompt: 'Is it cold?',
      stopWhen: stepCountIs(4),
    });
    expect(steps[0]!.toolCalls.map(({ input }) => input)).toEqual([{ city: '北京' }, { city: '北京' }]);
    expect(steps[0]!.text).toBe('');
    expect(text).toBe('Cold.');
    expect(
      engine
        .prompt()
        .match(/<\|start_header_id\|>\w+/g)!
        .map((header) => header.slice(19)),
    ).toEqual(['user', 'assistant', 'ipython', 'assistant', 'ipython', 'assistant']);
  });
});

describe('tool loops of the Mistral conventions', () => {
  const answers: Record<string, string> = {
    'mistral-list':
      'I look.[TOOL_CALLS] [{"name": "get_weather", "arguments": {"city": "北京"}}, {"name": "get_weather", "arguments": {"city": "Paris"}}]',
    'mistral-named':
      'I look.[TOOL_CALLS]get_weather[ARGS]{"city": "北京"}[TOOL_CALLS]get_weather[ARGS]{"city": "Paris"}',
  };
  it.each(Object.entries(answers))(
    '%s: two calls, whose results go back under ids of nine characters',
    async (name, answer) => {
      const engine = new ScriptedEngine({
        chatTemplate: fixture(name),
        specialTokens: ['[TOOL_CALLS]', '[ARGS]', '[CALL_ID]', '[INST]'],
        answers: [answer.split(/(\[\w+\]|\s+)/).filter((piece) => piece !== ''), 'Paris is warmer.'],
      });
      const { steps, text } = await generateText({
        model: engine.languageModel('v3') as LanguageModelV3,
        tools,
        prompt: 'Where is it warmer?',
        stopWhen: stepCountIs(4),
      });
      expect([steps[0]!.text, text]).toEqual(['I look.', 'Paris is warmer.']);
      expect(steps[0]!.toolCalls.map(({ input }) => input)).toEqual([{ city: '北京' }, { city: 'Paris' }]);
      const prompt = engine.prompt();
      expect(prompt).toContain('"degrees":21');
      const results = prompt.match(/\[TOOL_RESULTS\].*?\[\/TOOL_RESULTS\]/gs)!.join('');
      const ids = results.match(/(?<!\w)[0-9A-Za-z]{9}(?=["[])/g)!;
      expect(new Set(ids).size).toBe(2);
      if (name === 'mistral-list') for (const id of ids) expect(prompt.split(id)).toHaveLength(3);
    },
  );
});

describe('a tool loop of the Harmony convention', () => {
  it('keeps channels apart, thinks between calls, and shows no markup', async () => {
    const engine = new ScriptedEngine({
      chatTemplate: fixture('harmony'),
      endToken: '<|return|>',
      specialTokens: ['<|start|>', '<|channel|>', '<|message|>', '<|constrain|>', '<|end|>', '<|call|>'],
      answers: [
        '<|channel|>analysis<|message|>Look first.<|end|><|start|>assistant<|channel|>commentary<|message|>I look.<|end|><|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{"city": "北京"}<|call|>never',
        '<|channel|>final<|message|>Cold.<|return|>never',
      ],
    });
    const { steps, text } = await generateText({
      model: engine.languageModel('v3') as LanguageModelV3,
      tools,
      prompt: 'Is it cold?',
      stopWhen: stepCountIs(4),
    });
    const [first] = steps;
    expect([first!.reasoningText, first!.text, first!.finishReason]).toEqual([
      'Look first.',
      'I look.',
      'tool-calls',
    ]);
    expect(first!.toolCalls.map(({ toolName, input }) => [toolName, input])).toEqual([
      ['get_weather', { city: '北京' }],
    ]);
    expect(text).toBe('Cold.');
    expect(engine.prompt()).toContain(
      '<|channel|>analysis<|message|>Look first.<|end|><|start|>assistant to=functions.get_weather<|channel|>commentary json<|message|>{"city": "北京"}<|call|><|start|>functions.get_weather to=assistant<|channel|>commentary<|message|>{"city":"北京","degrees":3}<|end|><|start|>assistant',
    );
  });

  it('tells reasoning from text where there are no tools', async () => {
    const engine = new ScriptedEngine({
      chatTemplate: fixture('harmony'),
      endToken: '<|return|>',
      answers: ['<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Yes.'],
    });
    const { text, reasoningText } = await generateText({
      model: engine.languageModel('v3') as LanguageModelV3,
      prompt: 'Is it cold?',
    });
    expect([reasoningText, text]).toEqual(['Hm.', 'Yes.']);
  });
});

describe('calls that are wrong', () => {
  it('reach the repair of the AI SDK with their text', async () => {
    const engine = qwen([
      `<tool_call>\n{"name": "get_weather", "arguments": {"city": Paris}}\n</tool_call>\n${call('Rome').replace('get_weather', 'weather')}`,
      'Done.',
    ]);
    const errors = new Map<string, unknown>();
    const { steps } = await generateText({
      model: engine.languageModel('v3') as LanguageModelV3,
      tools,
      prompt: 'Where is it warmer?',
      stopWhen: stepCountIs(4),
      experimental_repairToolCall: async ({ toolCall, error }) => {
        errors.set(toolCall.toolName, error);
        const input = toolCall.input.replace(/: *(\w+)\}/, ': "$1"}');
        return { ...toolCall, toolName: 'get_weather', input };
      },
    });
    const [invalid, unknown] = [errors.get('get_weather'), errors.get('weather')];
    expect(InvalidToolInputError.isInstance(invalid) && invalid.toolInput).toBe('{"city": Paris}');
    expect(NoSuchToolError.isInstance(unknown) && unknown.toolName).toBe('weather');
    expect(steps[0]!.toolResults.map(({ output }) => output)).toEqual([
      { city: 'Paris', degrees: 21 },
      { city: 'Rome', degrees: 21 },
    ]);
  });

  it('become tool errors that the model is told of, not exceptions', async () => {
    const engine = qwen(['<tool_call>\nget_weather(Paris)\n</tool_call>', 'Sorry.']);
    const { steps, text } = await generateText({
      model: engine.languageModel('v3') as LanguageModelV3,
      tools,
      prompt: 'Where is it warmer?',
      stopWhen: stepCountIs(4),
    });
    expect(steps[0]!.toolCalls[0]).toMatchObject({ invalid: true, input: 'get_weather(Paris)' });
    expect(text).toBe('Sorry.');
    expect(engine.prompt()).toContain('<tool_response>\n');
  });

  it('are closed where the engine fails in the middle of them', async () => {
    const engine = new ScriptedEngine({
      chatTemplate: fixture('qwen'),
      answers: [call('Paris')],
      failAfterTokens: 12,
    });
    const { stream } = await engine.languageModel('v4').doStream({
      prompt: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }],
      tools: [{ type: 'function', name: 'get_weather', inputSchema: {} }],
    });
    const types: string[] = [];
    for await (const { type } of stream) types.push(type);
    expect(types).toContain('tool-input-start');
    expect(types.slice(-3)).toEqual(['tool-input-end', 'error', 'finish']);
  });
});

describe('the conformance suite over reasoning and calls', () => {
  const answer = `${thought}I look.\n${call('北京')}\n${call('Paris')}`;
  for (const version of ['v3', 'v4'] as const)
    for (const check of conformanceChecks(() => qwen([answer]).languageModel(version)))
      it(`${version}: ${check.name}`, () => check.run());
});
