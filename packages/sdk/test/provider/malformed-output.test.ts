/** Answers that break their format, and the borders of what a format is: one example each. */
import { describe, expect, it } from 'vitest';
import { createOutputSplitter, outputFormatOf } from '../../src/provider/output-format/formats.js';
import { stopInText } from '../../src/provider/output-format/stop-in-text.js';
import { fixture, type Segment, split } from './split-output.js';

const text = (content: string): Segment => ({ kind: 'text', text: content });
const reasoning = (content: string): Segment => ({ kind: 'reasoning', text: content });
const call = (toolName: string, input: string): Segment => ({ kind: 'call', toolName, input });

const splitterOf = (name: string, promptText = '', tools = ['search', 'now']) =>
  createOutputSplitter(outputFormatOf(fixture(name)), { promptText, toolNames: new Set(tools) });

/** Character by character, which must give what the whole gives. */
function segments(name: string, answer: string, promptText = ''): Segment[] {
  const whole = split(splitterOf(name, promptText), [answer]);
  expect(split(splitterOf(name, promptText), [...answer])).toEqual(whole);
  return whole;
}

const hermes = (json: string) => `<tool_call>\n${json}\n</tool_call>`;

describe('Hermes calls', () => {
  const examples: [string, string, Segment[]][] = [
    ['no arguments', hermes('{"name": "now"}'), [call('now', '{}')]],
    ['arguments before the name', hermes('{"arguments": {"q": 1}, "name": "search"}'), [call('search', '{"q": 1}')]],
    ['arguments as a string', hermes(String.raw`{"name":"search","arguments":"{\"q\":\"\\u00e9\"}"}`), [call('search', String.raw`{"q":"\u00e9"}`)]],
    ['a string that holds no object', hermes('{"name":"search","arguments":"q"}'), [call('search', '"q"')]],
    ['no line breaks', '<tool_call>{"name":"search","arguments":{}}</tool_call>', [call('search', '{}')]],
    ['no closing marker', '<tool_call>{"name":"search","arguments":{}}', [call('search', '{}')]],
    ['a brace too many', hermes('{"name":"search","arguments":{"q":1}}}'), [call('search', '{"q":1}')]],
    ['a brace too few', hermes('{"name":"search","arguments":{"q":1}'), [call('search', '{"q":1}')]],
    ['two objects in one pair of markers', hermes('{"name":"now"}\n{"name":"search","arguments":{}}'), [call('now', '{}'), call('search', '{}')]],
    ['single quotes in the arguments', hermes(`{"name":"search","arguments":{'q': 'x'}}`), [call('search', `{'q': 'x'}`)]],
    ['single quotes everywhere', hermes(`{'name': 'search'}`), [call('', `{'name': 'search'}`)]],
    ['no JSON at all', hermes('search(q=1)'), [call('', 'search(q=1)')]],
    ['nothing', hermes(''), [call('', '')]],
    ['a string that is not closed', `${hermes('{"name":"search","arguments":{"q":"x}}')} done`, [call('search', '{"q":"x}}'), text(' done')]],
    ['a marker in a string', hermes('{"name":"search","arguments":{"q":"</tool_call>"}}'), [call('search', '{"q":"</tool_call>"}')]],
    ['an answer that ends in the arguments', 'So:\n<tool_call>\n{"name":"search","arguments":{"q":"Par', [text('So:'), call('search', '{"q":"Par')]],
    ['an answer that ends in the marker', 'So <tool_ca', [text('So ')]],
    ['an answer that ends in what may be text', 'a <', [text('a <')]],
    ['text around and between', `One.\n${hermes('{"name":"now"}')}\n\nTwo.\n${hermes('{"name":"now"}')}\n\n  Three.\n`, [text('One.'), call('now', '{}'), text('Two.'), call('now', '{}'), text('  Three.\n')]],
    ['ideographic space before a call', `好\u3000\n${hermes('{"name":"now"}')}`, [text('好\u3000'), call('now', '{}')]],
    ['text behind the object', '<tool_call>{"name":"now"} really </tool_call> yes', [call('now', '{}'), text('really yes')]],
    ['a name of no tool', hermes('{"name":"nothing","arguments":{}}'), [call('nothing', '{}')]],
  ]; // biome-ignore format: a table
  for (const [name, answer, expected] of examples)
    it(name, () => expect(segments('qwen', answer)).toEqual(expected));
});

describe('Llama calls', () => {
  const examples: [string, string, Segment[]][] = [
    ['arguments by the other word', '{"name": "search", "arguments": {"q": 1}}', [call('search', '{"q": 1}')]],
    ['the key function', '{"type": "function", "function": "search", "parameters": {"q": 1}}', [call('search', '{"q": 1}')]],
    ['a name of no tool', '{"name": "nothing", "parameters": {}}', [call('nothing', '{}')]],
    ['a tool without parameters', '{"name": "now"}', [call('now', '{}')]],
    ['JSON that is an answer', '{"name": "Ann"}', [text('{"name": "Ann"}')]],
    ['JSON with other keys', '{"name": "search", "age": 3}', [text('{"name": "search", "age": 3}')]],
    ['JSON that breaks off', '{"name": "sea', [text('{"name": "sea')]],
    ['white space around', '\n {"name": "now"} \n', [call('now', '{}')]],
    ['parameters that break off', '{"name": "search", "parameters": {"q": "Par', [call('search', '{"q": "Par')]],
    ['no JSON behind the tag', '<|python_tag|>print(1)', [call('', 'print(1)')]],
    ['a tag behind text', 'Let me see. <|python_tag|>{"name": "now"}', [text('Let me see.'), call('now', '{}')]],
    ['an object in the text', 'So {"name": "now"}', [text('So {"name": "now"}')]],
    ['text behind a call', '{"name": "now"}\n\nThat was it.', [call('now', '{}'), text('That was it.')]],
    ['JSON behind a call', '{"name": "now"}; {"x": 1}', [call('now', '{}'), text('; {"x": 1}')]],
  ]; // biome-ignore format: a table
  for (const [name, answer, expected] of examples)
    it(name, () => expect(segments('llama', answer)).toEqual(expected));
});

describe('Mistral calls', () => {
  const list = (json: string) => `[TOOL_CALLS] [${json}]`;
  const named = (name: string, json: string) => `[TOOL_CALLS]${name}[ARGS]${json}`;
  const examples: [string, string, Segment[]][] = [
    ['a list of two', list('{"name": "now", "arguments": {}}, {"name": "search", "arguments": {"q": 1}, "id": "abcdefghi"}'), [call('now', '{}'), call('search', '{"q": 1}')]],
    ['an object without a list', '[TOOL_CALLS]{"name": "now"}', [call('now', '{}')]],
    ['a list that does not close', '[TOOL_CALLS] [{"name": "now"}', [call('now', '{}')]],
    ['an empty list', 'So.\n[TOOL_CALLS] []', [text('So.')]],
    ['single quotes in the arguments', list(`{"name":"search","arguments":{'q': 'x'}}`), [call('search', `{'q': 'x'}`)]],
    ['a list that ends in the arguments', '[TOOL_CALLS][{"name": "search", "arguments": {"q": "Par', [call('search', '{"q": "Par')]],
    ['markers in a string', list('{"name":"search","arguments":{"q":"[TOOL_CALLS]]"}}'), [call('search', '{"q":"[TOOL_CALLS]]"}')]],
    ['text behind the list', `${list('{"name": "now"}')}\n\nYes.`, [call('now', '{}'), text('Yes.')]],
    ['a list behind a list', `${list('{"name": "now"}')}${list('{"name": "search"}')}`, [call('now', '{}'), call('search', '{}')]],
    ['a name', named('search', '{"q": 1}'), [call('search', '{"q": 1}')]],
    ['names with ids', '[TOOL_CALLS]now[CALL_ID]abcdefghi[ARGS]{}[TOOL_CALLS]search[CALL_ID]123456789[ARGS]{"q":[1]}', [call('now', '{}'), call('search', '{"q":[1]}')]],
    ['a name without the marker of arguments', '[TOOL_CALLS]search{"q": 1}', [call('search', '{"q": 1}')]],
    ['a name without arguments', '[TOOL_CALLS]now', [call('', 'now')]],
    ['white space around all', 'So: [TOOL_CALLS] search [ARGS] {"q": 1} \n\n Yes.', [text('So:'), call('search', '{"q": 1}'), text(' Yes.')]],
    ['arguments that break off', named('search', '{"q": "Par'), [call('search', '{"q": "Par')]],
    ['arguments that are no JSON', `${named('search', 'q=1')}${named('now', '{}')}`, [call('search', 'q=1'), call('now', '{}')]],
    ['a string that is not closed', `${named('search', '{"q":"x}\n')}${named('now', '{}')}`, [call('search', '{"q":"x}'), call('now', '{}')]],
    ['a marker in a string', named('search', '{"q":"[TOOL_CALLS]now[ARGS]"}'), [call('search', '{"q":"[TOOL_CALLS]now[ARGS]"}')]],
    ['a marker twice', `[TOOL_CALLS]${named('now', '{}')}`, [call('now', '{}')]],
    ['an answer that ends in the marker', 'So [TOOL_C', [text('So ')]],
    ['an answer that ends in another', '[TOOL_CALLS]now[AR', [call('', 'now')]],
    ['brackets that are text', 'a [1] [T', [text('a [1] [T')]],
  ]; // biome-ignore format: a table
  for (const [name, answer, expected] of examples)
    for (const template of ['mistral-list', 'mistral-named'])
      it(`${name}: ${template}`, () => expect(segments(template, answer)).toEqual(expected));
});

describe('Harmony messages', () => {
  const prompt = 'x<|end|><|start|>assistant';
  const thought = '<|channel|>analysis<|message|>Hm.<|end|>';
  const examples: [string, string, Segment[]][] = [
    ['reasoning and text', `${thought}<|start|>assistant<|channel|>final<|message|>Yes.<|return|>`, [reasoning('Hm.'), text('Yes.')]],
    ['a call that is constrained', '<|channel|>commentary to=functions.search <|constrain|>json<|message|>{"q": 1}<|call|>', [call('search', '{"q": 1}')]],
    ['a call in the analysis channel', '<|channel|>analysis to=functions.search code<|message|>{"q":1}', [call('search', '{"q":1}')]],
    ['a call by the role', ' to=functions.now<|channel|>commentary json<|message|>{}', [call('now', '{}')]],
    ['a tool of the house', '<|channel|>analysis to=python code<|message|>print(1)<|call|>', [call('python', 'print(1)')]],
    ['a comment before the answer', '<|channel|>commentary<|message|>I look.<|end|><|start|>assistant<|channel|>final<|message|>Yes.', [text('I look.\n\nYes.')]],
    ['two thoughts', `${thought}<|start|>assistant${thought}`, [reasoning('Hm.'), reasoning('Hm.')]],
    ['no end and no start', '<|channel|>analysis<|message|>Hm.<|channel|>final<|message|>Yes.', [reasoning('Hm.'), text('Yes.')]],
    ['no end', '<|channel|>analysis<|message|>Hm.<|start|>assistant<|channel|>final<|message|>Yes.', [reasoning('Hm.'), text('Yes.')]],
    ['no header at all', 'To be, or <|not|> to be', [text('To be, or <|not|> to be')]],
    ['the role alone', 'assistant', [text('assistant')]],
    ['an answer that is only a word of headers', 'to', [text('to')]],
    ['a role that is written again', 'assistant<|channel|>final<|message|>Yes.', [text('Yes.')]],
    ['text between messages', `${thought} And <|start|>assistant<|channel|>final<|message|>Yes.`, [reasoning('Hm.'), text('And \n\nYes.')]],
    ['a marker in a string', ' to=functions.search<|channel|>commentary<|message|>{"q":"<|end|>"}<|call|>', [call('search', '{"q":"<|end|>"}')]],
    ['a brace too many', ' to=functions.search<|channel|>commentary<|message|>{"q":1}}<|call|>', [call('search', '{"q":1}')]],
    ['arguments that break off', ' to=functions.search<|channel|>commentary<|message|>{"q": "Par', [call('search', '{"q": "Par')]],
    ['a header that breaks off', `${thought}<|start|>assistant<|channel|>commentary to=func`, [reasoning('Hm.')]],
    ['an answer that ends in a marker', '<|channel|>final<|message|>So <|retu', [text('So ')]],
    ['an answer that ends in what may be text', '<|channel|>final<|message|>a <|', [text('a <|')]],
  ]; // biome-ignore format: a table
  for (const [name, answer, expected] of examples)
    it(name, () => expect(segments('harmony', answer, prompt)).toEqual(expected));

  it('are read where there are no tools, and then call nothing', () => {
    const answer = `${thought}<|start|>assistant<|channel|>commentary to=functions.now<|message|>{}<|call|>`;
    expect(split(splitterOf('harmony', prompt, []), [answer])).toEqual([reasoning('Hm.'), text('{}')]);
  });

  it('go on with the header that the prompt has begun', () => {
    const began = `${prompt}<|channel|>`;
    expect(segments('harmony', 'analysis<|message|>Hm.', began)).toEqual([reasoning('Hm.')]);
    expect(segments('harmony', 'Hm.<|end|>', `${began}analysis<|message|>`)).toEqual([reasoning('Hm.')]);
  });
});

describe('blocks of reasoning', () => {
  it('close where the answer ends, and show no part of a marker', () => {
    expect(segments('qwen', '<think>\nWell, a < b')).toEqual([reasoning('Well, a < b')]);
    expect(segments('qwen', '<think>\nWell</thi')).toEqual([reasoning('Well')]);
    expect(segments('qwen', '<thi')).toEqual([]);
    expect(segments('deepseek', 'Well', '<think>\n')).toEqual([reasoning('Well')]);
  });

  it('leave no blank lines, but the indentation of the text behind them', () => {
    expect(segments('qwen', '<think>\n\n</think>\n\nYes')).toEqual([text('Yes')]);
    expect(segments('qwen', '<think>a</think>\n \n\n  \u3000b')).toEqual([reasoning('a'), text('  \u3000b')]);
    expect(segments('qwen', '<think>a</think>\n\n')).toEqual([reasoning('a')]);
    expect(segments('qwen', '<think>a</think><think>b</think>c')).toEqual([
      reasoning('a'),
      reasoning('b'),
      text('c'),
    ]);
  });

  it('open only where the answer has not begun: later the marker is text', () => {
    expect(segments('qwen', 'The tag <think> opens, </think> closes.')).toEqual([
      text('The tag <think> opens, </think> closes.'),
    ]);
    expect(segments('qwen', ' \n plain')).toEqual([text(' \n plain')]);
  });
});

it('gives arguments while they are written', () => {
  const splitter = splitterOf('qwen');
  splitter.push('<tool_call>\n{"name": "search", ');
  expect(splitter.push('"arguments": {"q": "lo')).toEqual([{ type: 'call-delta', delta: '{"q": "lo' }]);
  expect(splitter.push('ng')).toEqual([{ type: 'call-delta', delta: 'ng' }]);
});

it('reads a format from the template, and no format from one that has none', () => {
  expect(outputFormatOf(undefined)).toEqual({});
  expect(outputFormatOf('{{ messages }}')).toEqual({});
  expect(outputFormatOf('{{ tools }}<tool_call><function=x>').tools).toBeUndefined();
  expect(outputFormatOf(fixture('deepseek')).tools).toBeUndefined();
  expect(outputFormatOf('[INST][TOOL_CALLS]').tools).toBeUndefined();
  expect(outputFormatOf(fixture('mistral-named')).reasoning?.open).toBe('[THINK]');
});

/** Characters of the texts that are cut or searched meanwhile. */
function charactersRead(run: () => unknown): number {
  const original = Object.getOwnPropertyDescriptors(String.prototype) as unknown as PropertyDescriptorMap;
  const names = ['slice', 'indexOf', 'startsWith', 'endsWith'] as const;
  let characters = 0;
  const counted = (read: (...args: unknown[]) => unknown) =>
    function (this: string, ...args: unknown[]) {
      characters += this.length;
      return read.apply(this, args);
    };
  for (const name of names)
    Object.defineProperty(String.prototype, name, {
      ...original[name],
      value: counted(original[name]!.value),
    });
  try {
    run();
  } finally {
    Object.defineProperties(String.prototype, original);
  }
  return characters;
}

it.each([
  ['qwen', '<tool_call>\n{"name": "search", "arguments": {"q": "', '"}}\n</tool_call>'],
  ['qwen', '<tool_call>\n{"name": "search", "arguments": {"q": }', '}\n</tool_call>'],
  ['llama', '{"name": "search", "parameters": {"q": "', '"}}'],
  ['mistral-list', '[TOOL_CALLS] [{"name": "search", "arguments": {"q": "', '"}}]'],
  ['mistral-named', '[TOOL_CALLS]search[ARGS]{"q": "', '"}'],
  ['harmony', ' to=functions.search<|channel|>commentary json<|message|>{"q": "', '"}<|call|>'],
])('reads long arguments once: %s', (name, before, behind) => {
  const words = Array.from({ length: 2000 }, () => ' word');
  const splitter = splitterOf(name);
  const read = charactersRead(() => {
    for (const piece of [before, ...words, behind]) splitter.push(piece);
    splitter.finish();
  });
  expect(read).toBeLessThan(200 * words.length);
});

it('ends a text at the stop sequence that is whole first, however it is cut', () => {
  const stops = ['abc', 'b', 'xyz', 'yz', 'e f'];
  const ends: [string, string, string | undefined][] = [
    ['zabc', 'za', 'b'],
    ['wxyz!', 'w', 'xyz'],
    ['ac xy e', 'ac xy e', undefined],
    ['xyxyz', 'xy', 'xyz'],
    ['e e f', 'e ', 'e f'],
  ];
  for (const [answer, shown, match] of ends) {
    for (const pieces of [[answer], [...answer]]) {
      const splitter = stopInText(createOutputSplitter({}, { promptText: '', toolNames: new Set() }), stops);
      expect(split(splitter, pieces)).toEqual([text(shown)]);
      expect(splitter.stopMatch).toBe(match);
    }
  }
});
