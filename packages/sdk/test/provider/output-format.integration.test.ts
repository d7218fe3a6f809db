/**
 * Answers as templates write them, told apart again: random turns rendered by Jinja, cut anywhere, must come back as they
 * were; random garbage must neither fail nor depend on where it was cut.
 */
import { Template } from '@huggingface/jinja';
import { describe, expect, it } from 'vitest';
import { type ChatMessage, toChatMessages } from '../../src/provider/chat-messages.js';
import { createOutputSplitter, outputFormatOf } from '../../src/provider/output-format/formats.js';
import type { PromptMessage, PromptPart } from '../../src/provider/specification.js';
import { cut, type Random, randomArguments, randomOf, randomText } from './random.js';
import { fixture, type Segment, split } from './split-output.js';

const cases = 400;
const toolNames = new Set(['get_weather', 'search']);
const callNames = ['get_weather', 'search', '未知', 'a.b-c'];

const render = (template: string, messages: ChatMessage[], variables: Record<string, unknown> = {}) =>
  new Template(template).render({
    messages,
    bos_token: '',
    eos_token: '',
    add_generation_prompt: false,
    ...variables,
  });

interface Turn {
  reasoning?: string;
  text?: string;
  calls: { toolName: string; input: Record<string, unknown> }[];
}

function randomTurn(random: Random): Turn {
  const calls = Array.from({ length: random.below(4) }, () => ({
    toolName: random.pick(callNames),
    input: randomArguments(random),
  }));
  const turn: Turn = { calls };
  if (random.chance(0.6))
    turn.reasoning = randomText(random) + random.pick(['', ' <think>?', ' <tool_call>?']);
  if (random.chance(0.7) || calls.length === 0) turn.text = randomText(random);
  return turn;
}

function promptOf({ reasoning, text, calls }: Turn): PromptMessage {
  const content: PromptPart[] = [
    ...(reasoning === undefined ? [] : [{ type: 'reasoning', text: reasoning }]),
    ...(text === undefined ? [] : [{ type: 'text', text }]),
    ...calls.map((call, index) => ({ type: 'tool-call', toolCallId: `c${index}`, ...call })),
  ];
  return { role: 'assistant', content };
}

const segmentsOf = ({ reasoning, text, calls }: Turn) => [
  ...(reasoning === undefined ? [] : [{ kind: 'reasoning', text: reasoning }]),
  ...(text === undefined ? [] : [{ kind: 'text', text }]),
  ...calls.map(({ toolName, input }) => ({ kind: 'call', toolName, input })),
];

const withInputs = (segments: Segment[]) =>
  segments.map((segment) =>
    segment.kind === 'call' ? { ...segment, input: JSON.parse(segment.input) as unknown } : segment,
  );

/** Cut at random and whole: the same segments. */
function splitBoth(template: string, promptText: string, answer: string, random: Random): Segment[] {
  const make = () => createOutputSplitter(outputFormatOf(template), { promptText, toolNames });
  const pieces = cut(answer, random);
  const segments = split(make(), pieces);
  expect(segments, JSON.stringify(pieces)).toEqual(split(make(), [answer]));
  return segments;
}

describe('answers that a template has written', () => {
  const user: ChatMessage = { role: 'user', content: 'What is the weather?' };

  it('come back from the Qwen and Hermes convention, reasoning, text and calls', () => {
    const template = fixture('qwen');
    const form = { format: outputFormatOf(template), reasoningKey: 'reasoning_content' as const };
    expect(form.format.tools?.name).toBe('hermes');
    for (let seed = 0; seed < cases; seed += 1) {
      const random = randomOf(seed);
      const turn = randomTurn(random);
      const prompt = render(template, [user], { add_generation_prompt: true });
      const whole = render(template, [user, ...toChatMessages([promptOf(turn)], form)]);
      const answer = whole.slice(prompt.length).replace(/<\|im_end\|>\n$/, '');
      expect(withInputs(splitBoth(template, prompt, answer, random)), answer).toEqual(segmentsOf(turn));
    }
  });

  it('come back from the DeepSeek convention, whose prompt opens the reasoning', () => {
    const template = fixture('deepseek');
    const prompt = render(template, [user], { add_generation_prompt: true });
    expect(prompt).toMatch(/<think>\n$/);
    for (let seed = 0; seed < cases; seed += 1) {
      const random = randomOf(seed);
      const reasoning = randomText(random);
      const text = randomText(random);
      const repeated = random.chance(0.2) ? '<think>\n' : '';
      const answer = `${repeated}${reasoning}${random.pick(['', '\n'])}</think>\n\n${text}`;
      expect(splitBoth(template, prompt, answer, random)).toEqual([
        { kind: 'reasoning', text: reasoning },
        { kind: 'text', text },
      ]);
    }
  });

  it('come back from the Llama 3 convention, tagged or not, several behind each other', () => {
    const template = fixture('llama');
    const form = { format: outputFormatOf(template) };
    expect(form.format.tools?.name).toBe('llama-3');
    for (let seed = 0; seed < cases; seed += 1) {
      const random = randomOf(seed);
      const { text, calls } = randomTurn(random);
      const tagged_calls = random.chance(0.5);
      const prompt = render(template, [user], { add_generation_prompt: true });
      const one = (turn: Turn) =>
        render(template, [user, ...toChatMessages([promptOf(turn)], form)], { tagged_calls })
          .slice(prompt.length)
          .replace(/<\|eot_id\|>$/, '');
      const behindText = tagged_calls && random.chance(0.3) && text !== undefined;
      const turn: Turn =
        text !== undefined && (behindText || calls.length === 0) ? { text, calls } : { calls };
      const answer = turn.text === undefined ? '' : one({ calls: [], text: turn.text });
      const written =
        answer + turn.calls.map((call) => one({ calls: [call] })).join(random.pick([';', '; ', '\n']));
      expect(withInputs(splitBoth(template, prompt, written, random)), written).toEqual(segmentsOf(turn));
    }
  });

  it('come back from the Mistral convention of one list, behind text or alone', () => {
    const template = fixture('mistral-list');
    const form = { format: outputFormatOf(template) };
    expect(form.format.tools?.name).toBe('mistral-list');
    for (let seed = 0; seed < cases; seed += 1) {
      const random = randomOf(seed);
      const { reasoning: _, ...turn } = randomTurn(random);
      const prompt = render(template, [user], { add_generation_prompt: true });
      const messages = [user, ...toChatMessages([promptOf(turn)], form)];
      const list_gap = random.pick(['', ' ']);
      const answer = render(template, messages, { list_gap }).slice(prompt.length);
      expect(withInputs(splitBoth(template, prompt, answer, random)), answer).toEqual(segmentsOf(turn));
    }
  });

  it('come back from the Mistral convention of named calls, with ids or without, reasoning before them', () => {
    const template = fixture('mistral-named');
    const form = { format: outputFormatOf(template), reasoningKey: 'reasoning_content' as const };
    expect(form.format.tools?.name).toBe('mistral-named');
    for (let seed = 0; seed < cases; seed += 1) {
      const random = randomOf(seed);
      const turn = randomTurn(random);
      const prompt = render(template, [user], { add_generation_prompt: true });
      const messages = [user, ...toChatMessages([promptOf(turn)], form)];
      const answer = render(template, messages, { with_ids: random.chance(0.5) }).slice(prompt.length);
      expect(withInputs(splitBoth(template, prompt, answer, random)), answer).toEqual(segmentsOf(turn));
    }
  });

  it('come back from the Harmony convention, channel by channel, wherever the recipient stands', () => {
    const template = fixture('harmony');
    const form = { format: outputFormatOf(template), reasoningKey: 'thinking' as const };
    expect(form.format.tools?.name).toBe('harmony');
    expect(form.format.reasoning).toBeUndefined();
    for (let seed = 0; seed < cases; seed += 1) {
      const random = randomOf(seed);
      const { text, ...turn } = randomTurn(random);
      const prompt = render(template, [user], { add_generation_prompt: true });
      // Text before calls is a comment, which comes after the reasoning; the template has it before.
      const comments = text !== undefined && turn.calls.length > 0;
      const written = (part: Turn, channel = 'final') => {
        const messages = [user, ...toChatMessages([promptOf(part)], form)];
        const variables = { channel, recipient_last: random.chance(0.5) };
        return render(template, messages, variables).slice(prompt.length - '<|start|>assistant'.length);
      };
      const parts = comments
        ? [
            ...(turn.reasoning === undefined
              ? []
              : [`<|start|>assistant<|channel|>analysis<|message|>${turn.reasoning}<|end|>`]),
            written({ text, calls: [] }, 'commentary'),
            written({ calls: turn.calls }),
          ]
        : [written({ ...turn, ...(text !== undefined && { text }) })];
      const ends = random.pick(['<|call|>', '<|end|>', '']);
      const answer = parts
        .join('')
        .slice('<|start|>assistant'.length)
        .replaceAll(/<\|call\|>(?=<\|start\|>|$)/g, ends)
        .replace(/<\|end\|>$/, random.pick(['<|return|>', '<|end|>', '']));
      expect(withInputs(splitBoth(template, prompt, answer, random)), answer).toEqual(
        segmentsOf({ ...turn, ...(text !== undefined && { text }) }),
      );
    }
  });
});

describe('random garbage', () => {
  const fragments = [
    '<think>', '</think>', '<tool_call>', '</tool_call>', '<|python_tag|>', '{', '}', '"', '[', ']', ':', ',', ';', '\\', "'",
    '"name": "search"', '"arguments": {', '"parameters": {"q": 1}}', '{"name": "search", "arguments": {"q": "x"}}', '"function"',
    '{"name": "get_weather"}', '\n', '\n\n', ' ', 'text', '天', '😀', '<', '</', '</th', '<tool_', '1', 'true', '"arguments": "{}"',
    '[TOOL_CALLS]', '[ARGS]', '[CALL_ID]', 'search', '[TOOL_', '[THINK]', '[/THINK]', '<|start|>', '<|channel|>', '<|message|>',
    '<|constrain|>', '<|end|>', '<|call|>', '<|return|>', 'assistant', 'analysis', 'commentary', 'final', ' to=functions.search', '<|',
  ]; // biome-ignore format: a list of fragments

  for (const name of ['qwen', 'llama', 'deepseek', 'mistral-list', 'mistral-named', 'harmony'])
    it(`neither fails nor depends on where it is cut: ${name}`, () => {
      const template = fixture(name);
      for (let seed = 0; seed < 3 * cases; seed += 1) {
        const random = randomOf(seed);
        const answer = Array.from({ length: random.below(24) }, () => random.pick(fragments)).join('');
        const segments = splitBoth(template, random.pick(['', '<think>\n']), answer, random);
        const { reasoning, tools } = outputFormatOf(template);
        for (const segment of segments) {
          if (segment.kind === 'reasoning' && reasoning) expect(segment.text).not.toContain(reasoning.close);
          if (segment.kind !== 'call' && tools?.frame)
            for (const marker of tools.markers) expect(segment.text).not.toContain(marker);
        }
      }
    });

  it('is text to the letter where there is neither reasoning nor a tool', () => {
    const format = outputFormatOf(fixture('llama'));
    for (let seed = 0; seed < cases; seed += 1) {
      const random = randomOf(seed);
      const answer = Array.from({ length: 1 + random.below(24) }, () => random.pick(fragments)).join('');
      const splitter = createOutputSplitter(format, { promptText: '', toolNames: new Set() });
      expect(split(splitter, cut(answer, random))).toEqual([{ kind: 'text', text: answer }]);
    }
  });
});
