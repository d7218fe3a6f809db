/** Staged writing with models that obey, ignore, stall and fail: lengths, budgets, deadlines, citations, options. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TriviumError, type WriteEvent } from '@trivium/protocol';
import { expect, test } from 'vitest';
import { countWords, createLongText, type WriteOptions } from '../../src/long-text/index.js';
import { FinalNumbering } from '../../src/long-text/write/markers.js';
import { type Script, scriptedModel } from '../../src/testing/index.js';
import { hashEmbed, memoryLibrary } from './fakes.js';
import {
  factsText,
  obedientModel,
  obey,
  obeyBy,
  type PromptKind,
  promptText,
  readPrompt,
} from './write-fakes.js';

const text = factsText(80);
const base = { text, instruction: 'A briefing for the board', targetWords: 800 };
const write = (call: Partial<WriteOptions> = {}, model = obedientModel(), extra = {}) =>
  createLongText({ model, ...extra }).write({ ...base, ...call });

type Answer = Extract<Script, (...given: never[]) => unknown>;
/** Obeys but where `answers` says otherwise. */
const modelBut = (answers: Partial<Record<PromptKind, Answer>>, options = {}) =>
  scriptedModel((call, index) => (answers[readPrompt(call).kind] ?? obey)(call, index), {
    specification: 'v3',
    wordsPerDelta: 12,
    ...options,
  });

const eventsOf = async (running: { events: AsyncIterable<WriteEvent> }) => {
  const events: WriteEvent[] = [];
  for await (const event of running.events) events.push(event);
  return events;
};

test('the stages write with the model and settings they were given', async () => {
  const [summary, expand, polish] = [obedientModel('a'), obedientModel('b'), obedientModel('c')];
  const result = await createLongText().write({
    ...base,
    stages: {
      summary: { model: summary, ratio: 0.4, maxTokens: 900 },
      expand: { model: expand, temperature: 0.5 },
      polish: { model: polish, temperature: 0.2 },
    },
  });
  expect(result.stages.map(({ stage, model }) => [stage, model])).toEqual([
    ['summary', 'a'],
    ['expand', 'b'],
    ['polish', 'c'],
  ]);
  expect(summary.calls[0]!.maxOutputTokens).toBeLessThanOrEqual(900);
  expect(expand.calls.every(({ temperature }) => temperature === 0.5)).toBe(true);
  expect(polish.calls.every(({ temperature }) => temperature === 0.2)).toBe(true);
  expect(result.stages[0]!.words / 800).toBeCloseTo(0.4, 2);
  expect(result.usage.calls).toBe(summary.calls.length + expand.calls.length + polish.calls.length);
  expect(result.warnings).toEqual([]);
});

test('documents of a library are cited by path, and an embedder takes part', async () => {
  const files = { 'a.md': factsText(30), 'b.md': factsText(30, 'zh') };
  const client = createLongText({ library: memoryLibrary(files), model: obedientModel(), embed: hashEmbed });
  const both = await client.write({ ...base, text: undefined as never, targetWords: 400 });
  for (const { path, start, end, text: quote, line } of both.citations) {
    const source = files[path as keyof typeof files];
    expect(source.slice(start, end)).toBe(quote);
    expect(line).toBe(source.slice(0, start).split('\n').length);
  }
  const one = await client.write({ instruction: '一份简报', targetWords: 300, paths: ['b.md'] });
  expect(new Set(one.citations.map(({ path }) => path))).toEqual(new Set(['b.md']));
  expect(one.text).toMatch(/记录说/u);
});

test('an instruction in Chinese is carried out by prompts in Chinese', async () => {
  const model = obedientModel();
  await write({ text: factsText(40, 'zh'), instruction: '给董事会的简报', targetWords: 300 }, model);
  for (const call of model.calls) {
    const { system, user } = promptText(call);
    expect(system).toMatch(/^你根据文档/u);
    expect(user).toMatch(/约 \d+ 字/u);
    expect(user).not.toMatch(/Passages|Instruction/u);
  }
});

test('a section sees the outline, passages for its point and the end of the text before it', async () => {
  const model = obedientModel();
  await write({ sections: 3, stages: { polish: false } }, model);
  const [, , second] = model.calls.map((call) => promptText(call).user);
  expect(second).toContain('A briefing for the board');
  expect(second).toMatch(/Outline of the whole text:\n1\. [\s\S]*\n3\. /u);
  expect(second).toMatch(/Passages for this section:\n\[\d+\]/u);
  expect(second).toContain('The text so far ends with:');
  expect(second).toContain('Point of section 2 of 3:');
});

test('unsupported citations are dropped with a warning, the others are numbered in order of appearance', async () => {
  const model = modelBut({
    points: () => '1. Record 80 says that the compass of hall 86 weighs 248 grams [99] [1].',
    section: () =>
      'The lamp of hall 7 weighs 11 grams [1]. The lamp weighs 99999 grams [1]. Dogs bark loudly [1].',
  });
  const events = await eventsOf(write({ targetWords: 60, sections: 1, stages: { polish: false } }, model));
  const finish = events.at(-1)!;
  expect(finish.type === 'finish' && finish.text).toContain('weighs 11 grams [2].');
  expect(finish.type === 'finish' && finish.text).toContain('Dogs bark loudly.');
  const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
  expect(warnings.some((warning) => warning.includes('[99]') && warning.includes('no such passage'))).toBe(
    true,
  );
  expect(warnings.some((warning) => warning.includes('99999'))).toBe(true);
});

test.each<[string, Answer, string]>([
  ['loses citations', (call) => obey(call).replace(/\s*\[\d+\]/gu, ''), 'lost'],
  [
    'is far shorter',
    (call) =>
      obey(call)
        .split(/(?<=\.) /u)
        .slice(0, 3)
        .join(' '),
    '',
  ],
  ['is far longer', (call) => `${obey(call)} ${obey(call)}`, 'longer'],
  ['is empty', () => '', 'length'],
])('a polished section that %s is refused, and the expanded one kept', async (_, polish, reason) => {
  const plain = await write({ stages: { polish: false } });
  const running = write({}, modelBut({ polish }));
  const events = await eventsOf(running);
  const { text: kept, warnings } = await running.result;
  expect(kept).toBe(plain.text);
  const ends = events.filter((event) => event.type === 'section-end' && event.stage === 'polish');
  expect(ends.length).toBeGreaterThan(0);
  expect(ends.every((event) => event.type === 'section-end' && event.rejected)).toBe(true);
  expect(warnings.every((warning) => warning.includes('stays as it was expanded'))).toBe(true);
  expect(warnings[0]).toContain(reason);
});

test('a section that is short is asked to go on, at most twice', async () => {
  const half: Answer = (call) => {
    const whole = obey(call).split(/(?<=\.) /u);
    return whole.slice(0, Math.ceil(whole.length / 2)).join(' ');
  };
  const model = modelBut({ section: half });
  const { text: written } = await write({ sections: 2, stages: { polish: false } }, model);
  expect(model.calls.length).toBeGreaterThan(3);
  expect(model.calls.length).toBeLessThanOrEqual(1 + 2 * 3);
  expect(Math.abs(countWords(written) / 800 - 1)).toBeLessThanOrEqual(0.1);
  expect(model.calls.some((call) => promptText(call).user.includes('Go on with section'))).toBe(true);
});

test.each([0.6, 0.85, 1.15, 1.6])(
  'a model that writes %f times what it is asked for keeps share and length',
  async (factor) => {
    const model = modelBut({
      points: (call) => obeyBy(factor, call),
      section: (call) => obeyBy(factor, call),
    });
    const result = await write({ targetWords: 2000, text: factsText(200) }, model);
    expect(Math.abs(result.stages[0]!.words / 2000 - 0.3)).toBeLessThanOrEqual(0.02);
    expect(Math.abs(countWords(result.text) / 2000 - 1)).toBeLessThanOrEqual(0.1);
  },
);

test.each<[string, Answer]>([
  ['writes nothing', () => ''],
  ['writes three words', () => 'Just three words.'],
  ['writes without end', () => `${factsText(200)} `.repeat(3)],
  ['writes without end and without sentences', () => 'word '.repeat(5000)],
  ['writes one character', () => '.'],
  ['writes markers alone', () => '[1] [2] [3]'],
  ['numbers everything', () => Array.from({ length: 400 }, (_, i) => `${i % 50}. thing ${i}`).join('\n')],
])('a model that %s ends with a whole text', async (_, answer) => {
  const model = scriptedModel(answer, { specification: 'v3', wordsPerDelta: 50 });
  const result = await write({ targetWords: 300, sections: 3 }, model);
  expect(result.text.trim()).not.toBe('');
  expect(model.calls.length).toBeLessThanOrEqual(3 + 3 * 3 + 3);
  expect(countWords(result.text)).toBeLessThanOrEqual(300 * 1.5);
  expect(result.warnings.length).toBeGreaterThan(0);
  expect(result.stages.map(({ outcome }) => outcome)).toEqual(['finished', 'finished', 'finished']);
});

test('a model that goes round in circles is stopped, and the source speaks for what it did not write', async () => {
  const circles = (call: Parameters<Answer>[0]) =>
    `${obey(call).split(' ').slice(0, 26).join(' ')}. ${'Round and round it goes. '.repeat(2000)}`;
  const model = scriptedModel(circles, { specification: 'v3', wordsPerDelta: 5 });
  const long = factsText(600);
  const result = await write({ text: long, sections: 3, stages: { expand: { contextTokens: 2000 } } }, model);
  expect(Math.abs(result.stages[0]!.words / 800 - 0.3)).toBeLessThanOrEqual(0.02);
  expect(Math.abs(countWords(result.text) / 800 - 1)).toBeLessThanOrEqual(0.1);
  expect(result.text).not.toContain('Round and round it goes. Round and round it goes.');
  expect(result.citations.length).toBeGreaterThan(5);
  for (const { start, end, text: cited } of result.citations) expect(long.slice(start, end)).toBe(cited);
  expect(result.warnings.some((warning) => warning.includes('too short a summary'))).toBe(true);
  expect(result.warnings.some((warning) => warning.includes('round in circles'))).toBe(true);
  // Each call was left soon after it had begun to turn.
  expect(result.usage.outputTokens / result.usage.calls).toBeLessThan(200);
});

test('without a summary the sources’ own sentences stand in its place, cited', async () => {
  const result = await write({}, modelBut({ points: () => '' }));
  expect(result.warnings[0]).toContain('no summary');
  expect(result.text).toMatch(/^1\. Record \d+ says .* \[1\]\n/u);
  expect(result.stages[0]!.words / 800).toBeCloseTo(0.3, 1);
});

test.each(['summary', 'expand', 'polish'] as const)(
  'the %s stage ends at its deadline with what it has, and the next go on',
  async (stage) => {
    const slow = scriptedModel(obey, { specification: 'v3', wordDelayMs: 40 });
    const stages = { [stage]: { model: slow, deadlineMs: 600 } };
    const running = write({ stages, sections: 3 });
    const events = await eventsOf(running);
    const result = await running.result;
    const ended = result.stages.find((report) => report.stage === stage)!;
    expect(ended.outcome).toBe('deadline');
    expect(result.stages).toHaveLength(3);
    expect(
      result.warnings.some((warning) => warning.includes(`The ${stage} stage reached its deadline`)),
    ).toBe(true);
    expect(result.text.trim()).toMatch(/[.。\]]$/u);
    if (stage === 'polish') expect(Math.abs(countWords(result.text) / 800 - 1)).toBeLessThanOrEqual(0.1);
    expect(events.at(-1)!.type).toBe('finish');
  },
);

test('a provider that hears nothing does not hold up a deadline or an abort', async () => {
  const deaf = {
    ...obedientModel(),
    specificationVersion: 'v3' as const,
    provider: 'deaf',
    modelId: 'deaf',
    supportedUrls: {},
    doGenerate: () => new Promise<never>(() => {}),
    doStream: () => new Promise<never>(() => {}),
  };
  const result = await write({ stages: { polish: { model: deaf, deadlineMs: 50 } } });
  expect(result.stages[2]!.outcome).toBe('deadline');
  const controller = new AbortController();
  const running = write({ model: deaf, signal: controller.signal });
  setTimeout(() => controller.abort(new Error('enough')), 20);
  await expect(running.result).rejects.toThrow('enough');
});

test.each(['summary', 'expand', 'polish'] as const)(
  'the %s stage keeps to its budget of tokens',
  async (stage) => {
    const whole = await write({ sections: 4 });
    const used = whole.stages.find((report) => report.stage === stage)!.usage;
    const maxTotalTokens = used.inputTokens + used.outputTokens;
    const result = await write({ sections: 4, stages: { [stage]: { maxTotalTokens } } });
    const report = result.stages.find((one) => one.stage === stage)!;
    expect(report.outcome).toBe('budget');
    expect(report.usage.inputTokens + report.usage.outputTokens).toBeLessThanOrEqual(maxTotalTokens);
    expect(result.warnings.some((warning) => warning.includes('budget of tokens'))).toBe(true);
    expect(result.stages).toHaveLength(3);
    expect(result.text.trim()).not.toBe('');
  },
);

test('a budget of all stages is shared; a stage’s share of it ends that stage alone', async () => {
  const all = await write({ maxTotalTokens: 9000, sections: 4 });
  expect(all.usage.inputTokens + all.usage.outputTokens).toBeLessThanOrEqual(9000);
  const shared = await write({
    maxTotalTokens: 100_000,
    sections: 4,
    stages: { expand: { tokenShare: 0.05 } },
  });
  expect(shared.stages.map(({ outcome }) => outcome)).toEqual(['finished', 'budget', 'finished']);
});

test('maxTokens bounds each call, and long sections take several', async () => {
  const model = obedientModel();
  const result = await write({ stages: { expand: { maxTokens: 250 }, polish: false }, sections: 2 }, model);
  expect(model.calls.slice(1).every(({ maxOutputTokens }) => maxOutputTokens! <= 250)).toBe(true);
  expect(model.calls.length).toBeGreaterThan(5);
  expect(Math.abs(countWords(result.text) / 800 - 1)).toBeLessThanOrEqual(0.1);
});

test('a long source and a small context are read through notes, told chunk by chunk', async () => {
  const running = createLongText({ model: obedientModel(), contextTokens: 2000 }).write({
    ...base,
    text: factsText(150),
    targetWords: 400,
  });
  const events = await eventsOf(running);
  const chunks = events.filter((event) => event.type === 'chunk-end');
  expect(chunks.length).toBeGreaterThan(3);
  expect((await running.result).citations.length).toBeGreaterThan(0);
});

test('a source that takes very many calls to read is told of before the first, a resumed one no more', async () => {
  const checkpoint = join(await mkdtemp(join(tmpdir(), 'trivium-many-')), 'state.json');
  const call = {
    ...base,
    text: factsText(450),
    targetWords: 100,
    checkpoint,
    stages: { polish: false as const },
  };
  const client = createLongText({ model: obedientModel(), contextTokens: 1000 });
  const running = client.write(call);
  const events = await eventsOf(running);
  const said = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
  const calls = Number(/about (\d+) of its calls/u.exec(said[0] ?? '')?.[1]);
  const notes = events.filter(({ type }) => type === 'chunk-end').length;
  expect(notes).toBeGreaterThan(50);
  expect(Math.abs(calls / notes - 1)).toBeLessThan(0.15);
  const types = events.map(({ type }) => type);
  expect(types.indexOf('warning')).toBeLessThan(types.indexOf('chunk-end'));
  expect((await running.result).warnings.join()).not.toContain('calls');
  const resumed = await eventsOf(client.write(call));
  expect(JSON.stringify(resumed)).not.toContain('of its calls');
});

test.each<[string, Partial<WriteOptions>, string]>([
  ['no instruction', { instruction: ' ' }, 'instruction'],
  ['too few words', { targetWords: 10 }, 'targetWords'],
  ['no number of words', { targetWords: Number.NaN }, 'targetWords'],
  ['a ratio of 1', { summaryRatio: 1 }, 'summaryRatio'],
  ['two ratios', { summaryRatio: 0.2, stages: { summary: { ratio: 0.3 } } }, 'summaryRatio'],
  ['half a section', { sections: 1.5 }, 'sections'],
  ['paths and a text', { paths: ['a.md'] }, 'text'],
  ['a share of nothing', { stages: { expand: { tokenShare: 0.5 } } }, 'stages.expand.tokenShare'],
  ['a deadline of 0', { stages: { polish: { deadlineMs: 0 } } }, 'stages.polish.deadlineMs'],
  ['a blank text', { text: ' \n ' }, 'paths'],
])('%s is an invalid argument', async (_, call, field) => {
  const error = await write(call).result.catch((reason: unknown) => reason);
  expect(TriviumError.isInstance(error)).toBe(true);
  expect(error).toMatchObject({ code: 'invalid-argument', field });
});

test('no model, and a context that holds no passage, are errors that say so', async () => {
  const none = await createLongText()
    .write(base)
    .result.catch((reason: unknown) => reason);
  expect(none).toMatchObject({ code: 'invalid-argument', field: 'model' });
  const small = await write({}, obedientModel(), { contextTokens: 300 }).result.catch(
    (reason: unknown) => reason,
  );
  expect(small).toMatchObject({ code: 'context-overflow', field: 'contextTokens' });
});

test.each(['nothing', 'too little'])(
  'references of the source are no markers where its sentences stand for %s that a model wrote',
  async (written) => {
    const source = Array.from(
      { length: 12 },
      (_, i) =>
        `The chronicle of hall ${i + 7} tells that its ${i + 11} millers ground corn in the old mills [${20 + i}].`,
    ).join(' ');
    const points = () => (written === 'nothing' ? '' : '1. The halls had mills [1].');
    const running = write(
      { text: source, targetWords: 200, sections: 1, summaryRatio: 0.4 },
      modelBut({ points }),
    );
    const events = await eventsOf(running);
    const { text: result, citations, warnings } = await running.result;
    expect(warnings.some((warning) => warning.includes('sentences of the source stand'))).toBe(true);
    expect(result).toContain('ground corn in the old mills. [');
    const numbers = [...result.matchAll(/\[(\d+)\]/gu)].map(([, number]) => Number(number));
    expect(new Set(numbers)).toEqual(new Set(citations.map((_, i) => i + 1)));
    for (const event of events)
      if (event.type === 'citation') expect(event.citation.text).toContain('millers');
  },
);

test('numbers of no passage, as an older checkpoint may hold, are left out of the text', () => {
  const passage = { number: 1, path: '-', start: 0, end: 5, line: 1, text: 'mills' };
  const numbering = new FinalNumbering([passage]);
  expect(numbering.next('Old mills [20]. New ones [1, 21].')).toBe('Old mills. New ones [1].');
  expect(numbering.citations).toEqual([{ path: '-', start: 0, end: 5, line: 1, text: 'mills' }]);
});

test('what a model said with its markers is not said again by sentences of the source', async () => {
  const facts = [
    'The river rose by four metres on Monday night after heavy rain.',
    'Two bridges were closed to all traffic on Tuesday morning by the police.',
    'The mayor asked all people of the town to stay at home until Friday.',
    'Volunteers filled nine thousand bags with sand near the old mill.',
    'The school on Mill Street stays shut until the water is gone.',
    'A farmer lost forty sheep in the fields below the dam.',
  ];
  const cited = facts.map((fact, i) => (i % 2 ? `${fact} [1]` : fact.replace('.', ' [1].')));
  const points = () =>
    cited
      .slice(0, 4)
      .map((fact, i) => `${i + 1}. ${fact}`)
      .join('\n');
  const { text: written, warnings } = await write(
    { text: facts.join(' '), targetWords: 200, summaryRatio: 0.4, sections: 1, stages: { polish: false } },
    modelBut({ points }),
  );
  expect(warnings.some((warning) => warning.includes('sentences of the source stand'))).toBe(true);
  const [summary = ''] = written.split('\n\n');
  const said = facts.map((fact) => summary.split(fact.slice(0, -1)).length - 1);
  expect(said).toEqual([1, 1, 1, 1, expect.any(Number), expect.any(Number)]);
});

test('a section of few words is polished like any other', async () => {
  const { text: written, warnings } = await write(
    { sections: 1 },
    modelBut({
      section: (call) => (promptText(call).user.includes('Go on with section') ? '' : 'The dam still holds.'),
      polish: () => 'The dam holds still.',
    }),
  );
  expect(written).toContain('The dam holds still.');
  expect(warnings.join()).not.toContain('polish');
});
