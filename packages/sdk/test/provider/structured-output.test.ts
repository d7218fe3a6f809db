/** JSON and calls that are exact: `ai` 6 over the model that travels with the package, and grammars of calls themselves. */
import { fileURLToPath } from 'node:url';
import { type Grammar, getEngine, type Tokenizer } from '@trivium/native';
import { generateObject, generateText, Output, streamObject, streamText, tool } from 'ai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { answerGrammar } from '../../src/provider/answer-grammar.js';
import { readChatSettings } from '../../src/provider/chat-settings.js';
import { createTrivium } from '../../src/provider/index.js';
import { ScriptedEngine } from './scripted-engine.js';
import { fixture } from './split-output.js';

const trivium = createTrivium({ specification: 'v3' });
const language = fileURLToPath(new URL('../../../nano/models/language.gguf', import.meta.url));
let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await getEngine().loadTokenizer(language);
});
afterAll(() => trivium.dispose());

const person = z.object({
  name: z.string().min(1).max(40),
  age: z.number().int().min(0).max(130),
  email: z.email(),
  born: z.iso.date().nullable(),
  tags: z
    .array(z.enum(['new', 'old', 'odd']))
    .min(1)
    .max(3),
  address: z.object({ city: z.string().max(20), zip: z.string().regex(/^\d{5}$/) }).optional(),
});

describe('nano writes JSON', () => {
  test.each([0, 1])('that a schema describes, at temperature %d', async (temperature) => {
    const { output, finishReason } = await generateText({
      model: trivium('nano'),
      prompt: 'Describe a person.',
      output: Output.object({ schema: person }),
      maxOutputTokens: 300,
      temperature,
      seed: 5,
    });
    expect(person.parse(output)).toEqual(output);
    expect(finishReason).toBe('stop');
  });

  test('within any budget that holds the shortest', async () => {
    for (const maxOutputTokens of [90, 120]) {
      const { object } = await generateObject({
        model: trivium('nano'),
        schema: person,
        prompt: 'Describe a person.',
        maxOutputTokens,
        temperature: 1,
        seed: maxOutputTokens,
      });
      expect(person.parse(object)).toEqual(object);
    }
    const tooSmall = generateText({
      model: trivium('nano'),
      prompt: 'Describe a person.',
      output: Output.object({ schema: person }),
      maxOutputTokens: 5,
      maxRetries: 0,
    });
    await expect(tooSmall).rejects.toMatchObject({
      code: 'invalid-argument',
      field: 'maxOutputTokens',
      remedy: expect.stringContaining('maxOutputTokens'),
    });
  });

  test('streamed, as a list, and without a schema', async () => {
    const { partialObjectStream, object } = streamObject({
      model: trivium('nano'),
      schema: z.object({ title: z.string().max(30), points: z.array(z.string().max(20)).length(2) }),
      prompt: 'What is a container?',
    });
    let parts = 0;
    for await (const _ of partialObjectStream) parts += 1;
    expect(parts).toBeGreaterThan(1);
    expect((await object).points).toHaveLength(2);
    const { output } = await generateText({
      model: trivium('nano'),
      prompt: 'Choose.',
      output: Output.choice({ options: ['sunny', 'rainy'] }),
    });
    expect(['sunny', 'rainy']).toContain(output);
    const any = await generateText({
      model: trivium('nano'),
      prompt: 'JSON, please.',
      output: Output.json(),
      maxOutputTokens: 60,
    });
    expect(typeof any.output).toBe('object');
  });

  test('and plain text of a grammar', async () => {
    const text = async (grammar: Record<string, unknown>) =>
      (
        await generateText({
          model: trivium('nano'),
          prompt: 'Is it?',
          providerOptions: { trivium: { grammar: grammar as never } },
        })
      ).text;
    expect(['yes', 'no']).toContain(await text({ type: 'choice', choices: ['yes', 'no'] }));
    expect(await text({ type: 'regex', pattern: '[A-Z][a-z]{2,9}( [a-z]{1,9}){2,4}\\.' })).toMatch(
      /^[A-Z][a-z]+( [a-z]+){2,4}\.$/,
    );
    expect(await text({ type: 'context-free', grammar: 'root ::= "<" [a-z]{1,5} ">" root? "</>"' })).toMatch(
      /^<[a-z]/,
    );
  });

  test('or says what of a schema it cannot hold to', async () => {
    const refused = generateText({
      model: trivium('nano'),
      prompt: 'x',
      maxRetries: 0,
      output: Output.object({ schema: z.object({ tags: z.array(z.string()).meta({ uniqueItems: true }) }) }),
    });
    await expect(refused).rejects.toMatchObject({
      code: 'unsupported',
      field: '#/properties/tags/uniqueItems',
    });
  });
});

const tools = [
  {
    type: 'function',
    name: 'get_weather',
    inputSchema: {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    },
  },
  {
    type: 'function',
    name: 'say "hi"',
    inputSchema: { type: 'object', properties: {}, additionalProperties: false },
  },
];
const weather = (args: string, key = 'arguments') => `{"name": "get_weather", "${key}": ${args}}`;

async function grammarOf(
  template: string,
  call: { toolChoice?: unknown; responseFormat?: { type: string; schema?: unknown } },
  promptText = '',
) {
  const settings = readChatSettings({ tools, ...call }, {}, { chatTemplate: fixture(template) });
  const source = answerGrammar(call, {}, settings, { promptText, specialTokens: [] });
  return tokenizer.compileGrammar(source!);
}

describe('calls of the Qwen convention', () => {
  const called = (args: string) => `<tool_call>\n${weather(args)}\n</tool_call>`;
  const good = called('{"city": "北京"}');

  test('with free text around them', async () => {
    const grammar = await grammarOf('qwen', {});
    for (const text of [
      '',
      'Hello <b>',
      good,
      `I look.\n${good}\n${good}`,
      `${good} then`,
      `<think>\nTwo?\n</think>\n\n${good}`,
    ])
      expect([text, grammar.matches(text)]).toEqual([text, true]);
    for (const text of [
      called('{"city": 1}'),
      called('{}'),
      called('{"city":"a","b":1}'),
      good.replace('get_weather', 'weather'),
      good.slice(0, -3),
    ])
      expect([text, grammar.matches(text)]).toEqual([text, false]);
    expect(grammar.matches('<tool_call>{"name": "say \\"hi\\"", "arguments": {}}</tool_call>')).toBe(true);
  });

  test('where one is asked for', async () => {
    const required = await grammarOf('qwen', { toolChoice: { type: 'required' } });
    expect([good, `${good}\n${good}`, '', 'x', `x${good}`].map((text) => required.matches(text))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    const one = await grammarOf('qwen', { toolChoice: { type: 'tool', toolName: 'say "hi"' } }, '<think>\n');
    const other = '<tool_call>{"name":"say \\"hi\\"","arguments":{}}</tool_call>';
    expect([good, other, `So.</think>\n\n${other}`].map((text) => one.matches(text))).toEqual([
      false,
      false,
      true,
    ]);
  });

  test('or JSON', async () => {
    const either = await grammarOf('qwen', {
      responseFormat: {
        type: 'json',
        schema: {
          type: 'object',
          properties: { a: { const: 1 } },
          required: ['a'],
          additionalProperties: false,
        },
      },
    });
    expect(['{"a":1}', good, 'text', '{"a":2}'].map((text) => either.matches(text))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('calls of the Llama convention', () => {
  const good = weather('{"city": "Paris"}', 'parameters');
  test('are told from text and other JSON by their first key', async () => {
    const grammar = await grammarOf('llama', {});
    for (const text of ['', 'Hello', '{"a": 1}', good, `${good}; ${good}`, `<|python_tag|>${good}`])
      expect([text, grammar.matches(text)]).toEqual([text, true]);
    for (const text of [weather('{}', 'parameters'), ` ${weather('{}')}`, `${good} x`])
      expect([text, grammar.matches(text)]).toEqual([text, false]);
    const required = await grammarOf('llama', { toolChoice: { type: 'required' } });
    expect([good, 'Hello', '{"a": 1}'].map((text) => required.matches(text))).toEqual([true, false, false]);
  });
});

test('records, any JSON and the formats of zod are held to as it writes them', async () => {
  const answer = z.object({
    scores: z.record(z.string(), z.int()),
    rest: z.json(),
    code: z.string().startsWith('ab').includes('c'),
    id: z.cuid2(),
  });
  const schema = z.toJSONSchema(answer, { target: 'draft-7' });
  const grammar = await tokenizer.compileGrammar({ type: 'json-schema', schema });
  const good = {
    scores: { 北京: 1, b: 2 },
    rest: [{ a: [null] }],
    code: 'abdc',
    id: 'tz4a98xxat96iws9zmbrgj3a',
  };
  const bad = [{ scores: { a: 'x' } }, { code: 'bac' }, { code: 'abd' }, { id: 'A-B' }];
  expect(grammar.matches(JSON.stringify(good))).toBe(true);
  expect(bad.map((part) => grammar.matches(JSON.stringify({ ...good, ...part })))).toEqual(
    bad.map(() => false),
  );
});

const onlyA1 = {
  type: 'json',
  schema: {
    type: 'object',
    properties: { a: { const: 1 } },
    required: ['a'],
    additionalProperties: false,
  },
};
const verdicts = (grammar: Grammar, texts: readonly string[]) =>
  texts.map((text) => [text, grammar.matches(text)]);
const all = (texts: readonly string[], verdict: boolean) => texts.map((text) => [text, verdict]);

/** What each setting of a call lets a convention write, and what it does not. */
const conventions: Record<
  string,
  { call: (args: string, name?: string) => string; join: (calls: string[]) => string }
> = {
  'mistral-list': {
    call: (args, name = 'get_weather') => `{"name": "${name}", "arguments": ${args}, "id": "a1B2c3D4e"}`,
    join: (calls) => `[TOOL_CALLS] [${calls.join(', ')}]`,
  },
  'mistral-named': {
    call: (args, name = 'get_weather') => `[TOOL_CALLS]${name}[CALL_ID]a1B2c3D4e[ARGS]${args}`,
    join: (calls) => calls.join(''),
  },
  harmony: {
    call: (args, name = 'get_weather') =>
      `<|channel|>commentary to=functions.${name} <|constrain|>json<|message|>${args}`,
    join: (calls) => calls.join('<|end|><|start|>assistant'),
  },
};

describe.each(Object.entries(conventions))('calls of the convention %s', (name, { call, join }) => {
  const good = call('{"city": "北京"}');
  const before = name === 'harmony' ? '<|channel|>analysis<|message|>Two?<|end|><|start|>assistant' : '';
  const text = name === 'harmony' ? '<|channel|>final<|message|>Hello [TOOL' : 'Hello [TOOL';
  const bad = [
    join([call('{"city": 1}')]),
    join([call('{}')]),
    join([call('{"city":"a","b":1}')]),
    join([call('{"city":"a"}', 'weather')]),
    join([good]).slice(0, -1),
  ];

  test('with free text around them', async () => {
    const grammar = await grammarOf(name, {});
    const fit = [text, join([good]), join([good, good]), before + join([good]), before + text];
    expect(verdicts(grammar, fit)).toEqual(all(fit, true));
    expect(verdicts(grammar, bad)).toEqual(all(bad, false));
  });

  test('where one is asked for', async () => {
    const required = await grammarOf(name, { toolChoice: { type: 'required' } });
    const fit = [join([good]), join([good, good]), before + join([good])];
    expect(verdicts(required, fit)).toEqual(all(fit, true));
    const unfit = [...bad, '', text, before + text];
    expect(verdicts(required, unfit)).toEqual(all(unfit, false));
    const named = await grammarOf(name, { toolChoice: { type: 'tool', toolName: 'get_weather' } });
    expect(verdicts(named, [join([good]), join([good, good])])).toEqual([
      [join([good]), true],
      [join([good, good]), false],
    ]);
  });

  test('or JSON', async () => {
    const either = await grammarOf(name, { responseFormat: onlyA1 });
    const json = (value: string) =>
      name === 'harmony' ? `<|channel|>final <|constrain|>json<|message|>${value}` : value;
    const fit = [json('{"a":1}'), before + json('{"a":1}'), join([good])];
    expect(verdicts(either, fit)).toEqual(all(fit, true));
    const unfit = [...bad, text, json('{"a":2}')];
    expect(verdicts(either, unfit)).toEqual(all(unfit, false));
    const alone = await grammarOf(name, { responseFormat: onlyA1, toolChoice: { type: 'none' } });
    expect(verdicts(alone, [json('{"a":1}'), join([good])])).toEqual([
      [json('{"a":1}'), true],
      [join([good]), false],
    ]);
  });
});

test('comments of the Harmony convention, which are text too, stand before answers and calls, not before JSON', async () => {
  const comment = '<|channel|>commentary<|message|>Here it is.<|end|><|start|>assistant';
  const json = `${comment}<|channel|>final<|message|>{"a":1}`;
  const call = `${comment}${conventions.harmony!.call('{"city":"a"}')}`;
  const free = await grammarOf('harmony', {});
  expect(verdicts(free, [json, call])).toEqual(all([json, call], true));
  const held = await grammarOf('harmony', { responseFormat: onlyA1 });
  expect([held.matches(json), held.matches(call)]).toEqual([false, true]);
});

describe('a call of a tool', () => {
  test('asks the engine for its grammar, and does not where that is off', async () => {
    const engine = new ScriptedEngine({ chatTemplate: fixture('qwen'), answers: ['x'] });
    const model = engine.languageModel('v3');
    const call = { prompt: [], tools, toolChoice: { type: 'required' } };
    await model.doGenerate(call);
    expect(JSON.stringify(engine.requests[0]!.grammar)).toContain('tool get_weather');
    const { warnings } = await model.doGenerate({
      ...call,
      providerOptions: { trivium: { grammar: 'off' } },
    });
    expect(engine.requests[1]!.grammar).toBeUndefined();
    expect(warnings.map((warning) => warning.type === 'unsupported' && warning.feature)).toEqual([
      'toolChoice',
    ]);
  });

  test('cannot be asked for beside a grammar of its own, nor by a name that there is not', async () => {
    const model = new ScriptedEngine({ chatTemplate: fixture('qwen'), answers: ['x'] }).languageModel('v3');
    const own = { trivium: { grammar: { type: 'choice', choices: ['a'] } } };
    await expect(model.doGenerate({ prompt: [], tools, providerOptions: own })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    const unknown = { prompt: [], tools, toolChoice: { type: 'tool', toolName: 'none' } };
    await expect(model.doGenerate(unknown)).rejects.toMatchObject({ field: 'toolChoice.toolName' });
  });
});

describe('a call that is asked for and not possible', () => {
  const refused = { code: 'unsupported', field: 'toolChoice' };

  test('is refused before anything is written where the template knows no tools', async () => {
    const engine = new ScriptedEngine({ chatTemplate: fixture('deepseek'), answers: ['x'] });
    const model = engine.languageModel('v3');
    for (const toolChoice of [{ type: 'required' }, { type: 'tool', toolName: 'get_weather' }]) {
      const call = { prompt: [], tools, toolChoice };
      await expect(model.doGenerate(call)).rejects.toMatchObject(refused);
      await expect(model.doStream(call)).rejects.toMatchObject(refused);
    }
    expect(engine.requests).toEqual([]);
    const { warnings } = await model.doGenerate({ prompt: [], tools, toolChoice: { type: 'auto' } });
    expect(warnings).toMatchObject([{ feature: 'tools' }]);
  });

  test('is refused where no tool of the call runs here', async () => {
    const model = new ScriptedEngine({ chatTemplate: fixture('qwen'), answers: ['x'] }).languageModel('v3');
    const foreign = [{ type: 'provider', id: 'openai.web_search', name: 'web_search', args: {} }];
    await expect(
      model.doGenerate({ prompt: [], tools: foreign, toolChoice: { type: 'required' } }),
    ).rejects.toMatchObject(refused);
  });
});

test('streamed text and tools of nano, whose template has no tools, are as before', async () => {
  const result = streamText({
    model: trivium('nano'),
    prompt: 'What is a container?',
    tools: { now: tool({ inputSchema: z.object({}) }) },
    maxOutputTokens: 8,
  });
  expect((await result.text).length).toBeGreaterThan(0);
});
