/** Where answers end, and what of them is markup: special tokens by their ids, stop sequences in the text alone, whole calls. */
import type { LanguageModelV3 } from '@ai-sdk/provider';
import { generateText, stepCountIs, tool } from 'ai';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { CallOptions, StreamPart } from '../../src/provider/specification.js';
import { ScriptedEngine } from './scripted-engine.js';
import { fixture } from './split-output.js';

const prompt: CallOptions['prompt'] = [{ role: 'user', content: [{ type: 'text', text: 'x' }] }];
const tools = [{ type: 'function', name: 'write', inputSchema: { type: 'object' } }];
/** Of Mistral's files: a text that says so is encoded to other tokens. */
const specialTokens = ['<s>', '</s>', '<unk>', '[INST]', '[TOOL_CALLS]', '[ARGS]', '[THINK]', '[/THINK]'];

describe('special tokens', () => {
  const engineOf = (answer: readonly string[]) =>
    new ScriptedEngine({ chatTemplate: fixture('mistral-named'), specialTokens, answers: [answer] });

  it('are left out of an answer, and what only spells them is not', async () => {
    const model = engineOf(['Strike: <', 's', '>10</', 's', '>', '<s>', ' <', 'unk', '>.', '[INST]']).languageModel('v4');
    const { content } = await model.doGenerate({ prompt, tools });
    expect(content).toEqual([{ type: 'text', text: 'Strike: <s>10</s> <unk>.' }]);
  }); // biome-ignore format: tokens

  it('are left out of arguments, and what only spells them is not', async () => {
    const answer = ['[TOOL_CALLS]', 'write', '[ARGS]', '{"text": "<', 's', '>10', '</s>', '</', 's', '>"}'];
    const { content } = await engineOf(answer).languageModel('v4').doGenerate({ prompt, tools });
    expect(content).toMatchObject([{ toolName: 'write', input: '{"text": "<s>10</s>"}' }]);
  });
});

describe('stop sequences', () => {
  const answer = '<think>\nAn end. Not yet.\n</think>\n\nThis is it. The end. And more.';
  const stopped = async (template: string, text: string, stopSequences: string[], more: object = {}) => {
    const engine = new ScriptedEngine({ chatTemplate: fixture(template), answers: [text] });
    const call = { prompt, stopSequences, ...more };
    const whole = await engine.languageModel('v4').doGenerate(call);
    const { stream } = await engine.languageModel('v4').doStream(call);
    const parts: StreamPart[] = [];
    for await (const part of stream) parts.push(part);
    expect(parts.at(-1)).toMatchObject({
      type: 'finish',
      finishReason: whole.finishReason,
      usage: whole.usage,
    });
    return { whole, engine };
  };

  it('end the text of an answer, not the reasoning before it, and the engine writes no more', async () => {
    const { whole, engine } = await stopped('qwen', answer, ['nothing', ' end', 'end.']);
    expect(whole.content).toEqual([
      { type: 'reasoning', text: 'An end. Not yet.' },
      { type: 'text', text: 'This is it. The' },
    ]);
    expect(whole.finishReason).toEqual({ unified: 'stop', raw: ' end' });
    expect(engine.cancelled).toBe(2);
    expect(engine.requests[0]).not.toHaveProperty('stop');
    const { inputTokens, outputTokens } = whole.usage;
    expect(inputTokens).toEqual({
      total: engine.requests[0]!.tokens.length,
      noCache: undefined,
      cacheRead: undefined,
      cacheWrite: undefined,
    });
    expect(outputTokens.total).toBe(outputTokens.text + outputTokens.reasoning);
    expect(outputTokens.reasoning).toBeGreaterThan(0);
  });

  it('end the text of a frame, and no call', async () => {
    const final = '<|channel|>analysis<|message|>Hm, end.<|end|><|start|>assistant<|channel|>final<|message|>Yes. The end.';
    const { whole } = await stopped('harmony', final, ['end']);
    expect(whole.content).toEqual([
      { type: 'reasoning', text: 'Hm, end.' },
      { type: 'text', text: 'Yes. The ' },
    ]);
    const call = 'I look.\n<tool_call>\n{"name": "write", "arguments": {"text": "the end"}}\n</tool_call>';
    const called = await stopped('qwen', call, ['end', '}\n', '>\n'], { tools });
    expect(called.whole.content).toMatchObject([{ text: 'I look.' }, { input: '{"text": "the end"}' }]);
    expect(called.whole.finishReason).toEqual({ unified: 'tool-calls', raw: 'stop' });
  }); // biome-ignore format: an answer

  it.each([1, 3, 1000])('may be white space, which a block would take, in pieces of %i', async (size) => {
    const endOf = async (text: string, sequence: string) => {
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      const engine = new ScriptedEngine({ chatTemplate: fixture('qwen'), answers: [pieces] });
      const call = { prompt, tools, stopSequences: [sequence] };
      const { content, finishReason } = await engine.languageModel('v4').doGenerate(call);
      return { content, finishReason };
    };
    const call = '<tool_call>\n{"name": "write", "arguments": {}}\n</tool_call>';
    const stop = (raw: string) => ({ unified: 'stop', raw });
    const text = (text: string) => ({ type: 'text', text });
    expect(await endOf(`Done.\n\n${call}`, '\n\n')).toEqual({
      content: [text('Done.')],
      finishReason: stop('\n\n'),
    });
    expect(await endOf(`Done. \n\n${call}`, '\n')).toMatchObject({ content: [text('Done. ')] });
    expect(await endOf(`Done.\n\n${call}`, '.\n\n')).toMatchObject({ content: [text('Done')] });
    expect(await endOf(`<think>\nSo.\n</think>\n\n${call}\n\nSaid.\n\nMore.`, '\n')).toMatchObject({
      content: [{ text: 'So.' }, { toolName: 'write' }, text('Said.')],
    });
    expect(await endOf('<think>\nSo.\n</think>\n\nSaid.', '\n')).toEqual({
      content: [{ type: 'reasoning', text: 'So.' }, text('Said.')],
      finishReason: stop('stop'),
    });
    expect(await endOf(`Done.\n\n${call}`, '\n\n\n')).toMatchObject({
      content: [text('Done.'), { toolName: 'write' }],
    });
  });

  it('of white space end an answer that goes on with nothing else', async () => {
    const answer = ['Paris.', ...Array<string>(300).fill('\n')];
    const engine = new ScriptedEngine({ chatTemplate: fixture('qwen'), answers: [answer] });
    const call = { prompt, tools, stopSequences: ['\n'] };
    const { content, finishReason, usage } = await engine.languageModel('v4').doGenerate(call);
    expect(content).toEqual([{ type: 'text', text: 'Paris.' }]);
    expect(finishReason).toEqual({ unified: 'stop', raw: '\n' });
    expect(usage.outputTokens.total).toBe(2);
    expect(engine.cancelled).toBe(1);
  });

  it('are the affair of the engine where an answer has no markup', async () => {
    const engine = new ScriptedEngine({ chatTemplate: fixture('llama'), answers: ['Yes.'] });
    await engine.languageModel('v4').doGenerate({ prompt, stopSequences: ['end'] });
    expect(engine.requests[0]!.stop).toEqual(['end']);
  });

  it('ask for nothing where they are empty, whoever looks for them', async () => {
    const engine = new ScriptedEngine({ chatTemplate: fixture('llama'), answers: ['Yes.'] });
    await engine.languageModel('v4').doGenerate({ prompt, stopSequences: ['', 'end'] });
    expect(engine.requests[0]!.stop).toEqual(['end']);
    const { whole } = await stopped('qwen', 'Yes.', ['']);
    expect(whole.content).toEqual([{ type: 'text', text: 'Yes.' }]);
  });

  it('are short, as the engine has them', async () => {
    const long = ['x'.repeat(4000), 'é'.repeat(49)];
    await expect(stopped('qwen', answer, long)).rejects.toMatchObject({
      code: 'invalid-argument',
      field: 'stopSequences',
    });
  });

  it('are held back where they may have begun, and come out where they have not', async () => {
    const { whole } = await stopped('qwen', 'The en is not the e', ['end']);
    expect(whole.content).toEqual([{ type: 'text', text: 'The en is not the e' }]);
    expect(whole.finishReason).toEqual({ unified: 'stop', raw: 'stop' });
  });
});

describe('a whole call at the end of the budget', () => {
  const call = ['<tool_call>', '\n', '{"name": "write", "arguments": ', '{}', '}', '\n', '</tool_call>'];
  const finishOf = async (answer: readonly string[], more: object = {}) => {
    const engine = new ScriptedEngine({ chatTemplate: fixture('qwen'), answers: [[...answer, ' and on']] });
    const options = { prompt, tools, maxOutputTokens: answer.length, ...more };
    return (await engine.languageModel('v4').doGenerate(options)).finishReason;
  };

  it('is what the answer ended for, where a grammar has closed it', async () => {
    expect(await finishOf(call)).toEqual({ unified: 'tool-calls', raw: 'length' });
    expect(await finishOf([...call, 'So'])).toEqual({ unified: 'length', raw: 'length' });
    expect(await finishOf(call, { providerOptions: { trivium: { grammar: 'off' } } })).toEqual({
      unified: 'length',
      raw: 'length',
    });
  });

  it('is answered by ai 6', async () => {
    const engine = new ScriptedEngine({ chatTemplate: fixture('qwen'), answers: [call, 'Done.'] });
    const { text } = await generateText({
      model: engine.languageModel('v3') as LanguageModelV3,
      tools: { write: tool({ inputSchema: z.object({}), execute: async () => 'written' }) },
      prompt: 'x',
      maxOutputTokens: call.length,
      stopWhen: stepCountIs(2),
    });
    expect(text).toBe('Done.');
  });
});

it('names what can still be done about a prompt that does not fit', async () => {
  const engine = new ScriptedEngine({ chatTemplate: fixture('qwen'), contextTokens: 8, answers: ['y'] });
  const remedyOf = (trivium: object) =>
    engine
      .languageModel('v4')
      .doGenerate({ prompt, providerOptions: { trivium: { ...trivium } } })
      .then(
        () => undefined,
        ({ remedy }) => remedy as string,
      );
  expect(await remedyOf({})).toContain("'drop-oldest'");
  const dropped = await remedyOf({ overflow: 'drop-oldest' });
  expect(dropped).toContain('contextTokens');
  expect(dropped).not.toContain('drop-oldest');
});

it('drops the oldest turns until the answer has room', async () => {
  const turn = (text: string): CallOptions['prompt'] => [
    { role: 'user', content: [{ type: 'text', text }] },
    { role: 'assistant', content: [{ type: 'text', text }] },
  ];
  const messages = [...turn('a'.repeat(100)), ...turn('b'.repeat(100)), ...prompt];
  const roomOf = async (maxOutputTokens: number | undefined, contextTokens = 600) => {
    const engine = new ScriptedEngine({ chatTemplate: fixture('qwen'), contextTokens, answers: ['y'] });
    const { warnings } = await engine.languageModel('v4').doGenerate({
      prompt: messages,
      maxOutputTokens,
      providerOptions: { trivium: { overflow: 'drop-oldest' } },
    });
    const { tokens, maxTokens } = engine.requests[0]!;
    return { room: contextTokens - tokens.length, maxTokens, dropped: warnings.length };
  };
  const whole = 600 - (await roomOf(1)).room;
  for (const contextTokens of [whole + 1, whole + 20, whole + 100]) {
    for (const wanted of [50, 120, undefined]) {
      const { room, maxTokens, dropped } = await roomOf(wanted, contextTokens);
      const needed = Math.min(wanted ?? Math.floor(contextTokens / 4), Math.floor(contextTokens / 2));
      expect(room).toBeGreaterThanOrEqual(needed);
      expect(maxTokens).toBeGreaterThanOrEqual(needed);
      expect(dropped).toBe(contextTokens - whole >= needed ? 0 : 1);
    }
  }
});
