import { TriviumError } from '@trivium/protocol';
import { simulateReadableStream } from 'ai';
import { MockLanguageModelV3 } from 'ai/test';
import { expect, test, vi } from 'vitest';
import { checkCitations, unsupported } from '../../src/long-text/check-citations.js';
import { createLongText } from '../../src/long-text/create-long-text.js';
import { estimateTokens } from '../../src/long-text/model-measures.js';
import type { SummarizeProgress } from '../../src/long-text/types.js';
import { scriptedModel } from '../../src/testing/index.js';
import { hashEmbed, memoryLibrary, sourceOf } from './fakes.js';
import { promptText } from './write-fakes.js';

const passages = [
  { text: 'A failed call is retried 2 times. "Never give up" is the motto.' },
  { text: '失败的调用会重试两次。' },
];

test('supported citations stay and are renumbered; the others go with a warning', async () => {
  const text =
    'A failed call is retried 2 times [1]. A failed call is retried 5 times [1]. Dogs bark loudly [2] [9].';
  const checked = await checkCitations(text, passages);
  expect(checked.text).toBe(
    'A failed call is retried 2 times [1]. A failed call is retried 5 times. Dogs bark loudly.',
  );
  expect(checked.cited).toEqual([0]);
  expect(checked.warnings).toHaveLength(3);
  expect(checked.warnings[0]).toContain('number 5');
});

test('brackets in code are left alone; markers beside it are checked', async () => {
  const held = [{ text: 'Use args[0] as the name of the file, and values[1] as its size.' }];
  const inline = 'Use `args[0]` as the name of the file [1], and ``a ` b[7]`` [9].';
  expect((await checkCitations(inline, held)).text).toBe(
    'Use `args[0]` as the name of the file [1], and ``a ` b[7]``.',
  );
  const fenced = 'Use values[1] as its size:\n\n```ts\nsize = values[1];\n```\n[1]\n\nDone [4].';
  expect((await checkCitations(fenced, held)).text).toBe(
    'Use values [1] as its size:\n\n```ts\nsize = values[1];\n```\n[1]\n\nDone.',
  );
});

test.each([
  ['the motto is "never give up"', undefined],
  ['the motto is "always give up"', 'it does not say'],
  ['a failed call is retried 2 times', undefined],
  ['bananas ripen in warm rooms', 'too little'],
])('%s', async (claim, reason) => {
  const found = await unsupported(claim, passages[0]!.text, hashEmbed);
  if (reason) expect(found).toContain(reason);
  else expect(found).toBeUndefined();
});

test.each([
  [
    'The pump has a safe mode, flag "A", and a fast mode, flag "B"',
    'Flag "A" is the safe mode of the pump and flag "B" its fast mode.',
  ],
  ['The 12" pipe is used with the 24" pipe', 'Use the pipe of 12" together with the pipe of 24".'],
  ['The 12" pipe is called "short pipe" here', 'A pipe of 12" is called short pipe here.'],
  ['The flags “A” and "fast mode" of the pump', 'The pump has the flags A and fast mode.'],
  ['水泵的「安全」模式与"快速模式"', '水泵有安全模式与快速模式。'],
  ['It says „the pump stops“ and "it starts"', 'It says the pump stops and it starts.'],
  ['says the manual of the pump," and "it stops"', 'The manual says of the pump that it stops.'],
  ['It calls this "high performance pump"', 'It calls this high perfor-\nmance pump.'],
  ['It calls this "high performance pump"', 'It calls this high perfor\u00admance pump.'],
  ['The pump moves 12000 litres', 'The pump moves 12,000 litres.'],
  ['It says « the pump stops » and ‚it starts‘', 'It says the pump stops and it starts.'],
  ["It says 'the pump doesn't stop'", 'It says that the pump doesn’t stop: the pump doesn’t stop.'],
  ["The pump doesn't stop while it isn't dry", 'A pump that is not dry does not stop.'],
  ["The rock 'n' roll of the pumps' pistons", 'Rock and roll of the pistons of pumps.'],
  ["Of the '90s are the pumps' pistons", 'The pistons of the pumps are of 90s make.'],
  ['Of the ‘90s are the pumps’ pistons', 'The pistons of the pumps are of 90s make.'],
  ["Pumps of 5' and 6' are tall", 'The tall pumps are of 5 and 6 feet.'],
  // Marks that nothing closes, among so many of the other kind that two ways to read each would take minutes.
  [`It says 'it ${'l’index, '.repeat(24)}`, 'It says it: l’index.'],
  [`It says ‘it ${"l'index, ".repeat(24)}`, "It says it: l'index."],
  ['«Stop!», it says; «start» comes next', 'It says stop, and start comes next.'],
])('is supported: %s', async (claim, passage) => {
  expect(await unsupported(claim, passage)).toBeUndefined();
  expect((await checkCitations(`${claim} [1].`, [{ text: passage }])).warnings).toEqual([]);
});

test.each([
  ['It was "-5 degrees" outside', 'It was 5 degrees outside.', '-5 degrees'],
  ['The 12" pipe is called "long pipe" here', 'A pipe of 12" is called short pipe here.', 'long pipe'],
  ['The flags “A” and "slow mode" of the pump', 'The pump has the flags A and fast mode.', 'slow mode'],
  ['他说"快速模式"很好', '他说安全模式很好。', '快速模式'],
  ['It says "A" and „the pump starts“', 'It says A and the pump stops.', 'the pump starts'],
  ['The pump moves 12,500 litres', 'The pump moves 12,000 litres.', '12500'],
  ['The pump moves 1.5 litres', 'The pump moves 15 litres.', '1.5'],
  ['It says ‘the pump doesn’t start’ first', 'It says first that the pump stops.', 'the pump doesn’t start'],
  ["It says 'the pump starts' first", 'It says first that the pump stops.', 'the pump starts'],
  ["他说'快速模式'很好", '他说安全模式很好。', '快速模式'],
  ['It says «the pump starts» first', 'It says first that the pump stops.', 'the pump starts'],
  ['It says »the pump starts« first', 'It says first that the pump stops.', 'the pump starts'],
  ['It says ‚the pump starts‘ first', 'It says first that the pump stops.', 'the pump starts'],
])('is not: %s', async (claim, passage, reason) => {
  expect(await unsupported(claim, passage)).toContain(reason);
});

test('the estimate of tokens errs high in scripts that tokenizers cut small', () => {
  expect(estimateTokens('a sentence of thirty-five characters')).toBe(11);
  expect(estimateTokens('注意力机制')).toBe(4);
  for (const text of [
    '마지막 회의는 언제였나요',
    'हमने ताजमहल देखा',
    'متى كان الاجتماع',
    'การประชุม',
    'ペンです',
  ])
    expect(estimateTokens(text)).toBeGreaterThan(text.length / 2);
});

test('across languages only meaning can support', async () => {
  expect(await unsupported('Failed calls run again', passages[1]!.text)).toContain('language');
  const same = async (texts: readonly string[]) => texts.map(() => new Float32Array([1, 0]));
  expect(await unsupported('Failed calls run again', passages[1]!.text, same)).toBeUndefined();
});

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined },
};
const finishReason = { unified: 'stop' as const, raw: undefined };

/** Streams or returns what `answer` makes of the prompt; remembers the prompts. */
function scripted(answer: (prompt: string, call: number) => string) {
  const prompts: string[] = [];
  const next = (prompt: unknown) => {
    prompts.push(JSON.stringify(prompt));
    return answer(prompts.at(-1)!, prompts.length);
  };
  const model = new MockLanguageModelV3({
    doGenerate: async ({ prompt }) => ({
      content: [{ type: 'text', text: next(prompt) }],
      finishReason,
      usage,
      warnings: [],
    }),
    doStream: async ({ prompt }) => ({
      stream: simulateReadableStream({
        chunks: [
          { type: 'text-start', id: '1' },
          ...next(prompt)
            .split(/(?<= )/)
            .map((delta) => ({ type: 'text-delta' as const, id: '1', delta })),
          { type: 'text-end', id: '1' },
          { type: 'finish', finishReason, usage },
        ],
        chunkDelayInMs: null,
        initialDelayInMs: null,
      }),
    }),
  });
  return { model, prompts };
}

const library = memoryLibrary({
  'retry.md': 'A failed call is retried 2 times.\n\nThe pause doubles each time a call fails.',
});

test('ask with a model streams, cites and drops what is not there', async () => {
  const { model, prompts } = scripted(() => 'A failed call is retried 2 times [1]. It costs 7 dollars [1].');
  const running = createLongText({ library, model }).ask('How often is a failed call retried?');
  let streamed = '';
  for await (const delta of running.textStream) streamed += delta;
  const answer = await running;
  expect(streamed).toContain('7 dollars [1]');
  expect(answer.text).toBe('A failed call is retried 2 times [1]. It costs 7 dollars.');
  expect(answer.mode).toBe('abstractive');
  expect(answer.citations.map(({ path }) => path)).toEqual(['retry.md']);
  expect(answer.warnings).toHaveLength(1);
  expect(prompts[0]).toContain('How often is a failed call retried?');
});

test('a source longer than the context is summarized in parts, and markers reach back to its passages', async () => {
  const text = Array.from(
    { length: 300 },
    (_, i) => `Fact ${i} says that item ${i} weighs ${i} grams in the hall.`,
  ).join('\n\n');
  const { model, prompts } = scripted((prompt) => {
    const fact = /\[(\d+)\]\\n[^[]*?(Fact \d+ says that item \d+ weighs \d+ grams)/.exec(prompt);
    return fact ? `${fact[2]} in the hall [${fact[1]}].` : 'nothing';
  });
  const summary = await createLongText({ model, contextTokens: 2000 }).summarize({ text, words: 50 });
  expect(prompts.length).toBeGreaterThan(3);
  expect(summary.warnings).toEqual([]);
  expect(summary.text).toMatch(/^Fact \d+ says that item \d+ weighs \d+ grams in the hall \[1\]\.$/);
  const [citation] = summary.citations;
  expect(text.slice(citation!.start, citation!.end)).toBe(citation!.text);
});

test('a source that takes very many calls to read is told of before the first, and how far they are', async () => {
  const told: SummarizeProgress[] = [];
  const { model, prompts } = scripted((prompt) => {
    if (!told.some(({ type }) => type === 'warning'))
      throw new Error('The model was called before it was said.');
    const words = Number(/(\d+) words/.exec(prompt)?.[1]);
    return 'A note of that many words is not a short one. '.repeat(Math.ceil(words / 10));
  });
  const facts = (count: number) =>
    Array.from({ length: count }, (_, i) => `Fact ${i} says that item ${i} weighs ${i} grams.`).join('\n\n');
  const client = createLongText({ model, contextTokens: 2000 });
  const onProgress = (progress: SummarizeProgress) => told.push(progress);
  await client.summarize({ text: facts(8000), words: 50, onProgress });
  const notes = told.filter((step) => step.type === 'chunk-end');
  expect(notes.length).toBeGreaterThan(60);
  // The last call writes the summary itself.
  expect(notes).toHaveLength(prompts.length - 1);
  expect(notes[0]).toMatchObject({ level: 1, chunk: 1, chunks: notes[1]!.chunks });
  expect(notes.at(-1)).toMatchObject({ chunk: notes.at(-1)!.chunks });
  const said = told.flatMap((step) => (step.type === 'warning' ? [step.message] : []));
  expect(said).toHaveLength(1);
  const calls = Number(/about (\d+) of its calls/u.exec(said[0]!)?.[1]);
  expect(Math.abs(calls / notes.length - 1)).toBeLessThan(0.15);

  const few = told.length;
  await client.summarize({ text: facts(500), words: 50, onProgress });
  const types = told.slice(few).map(({ type }) => type);
  expect(types.length).toBeGreaterThan(1);
  expect(new Set(types)).toEqual(new Set(['chunk-end']));
});

test('a context that cannot hold one passage is a context overflow', async () => {
  const { model } = scripted(() => 'x');
  const text = 'A sentence about one thing. '.repeat(200);
  const error = await Promise.resolve(
    createLongText({ model, contextTokens: 300 }).summarize({ text, words: 50 }),
  ).catch((reason: unknown) => reason);
  expect(TriviumError.isInstance(error) && error.code).toBe('context-overflow');
});

test('an abort while the model writes rejects with the reason', async () => {
  const controller = new AbortController();
  const { model } = scripted(() => 'A failed call is retried 2 times [1].');
  const running = createLongText({ library, model }).ask('How often is a failed call retried?', {
    signal: controller.signal,
  });
  const reading = (async () => {
    for await (const _ of running.textStream) controller.abort(new Error('enough'));
  })();
  await expect(reading).rejects.toThrow('enough');
  await expect(Promise.resolve(running)).rejects.toThrow('enough');
});

test('ask cites no more than it is asked for, and its markers stay those of its citations', async () => {
  const facts = Array.from({ length: 8 }, (_, i) => `Lamp ${i} of the hall weighs ${i + 20} grams.`);
  const halls = memoryLibrary({ 'lamps.md': facts.join('\n\n') });
  const { model, prompts } = scripted((prompt) =>
    [...prompt.matchAll(/\[(\d+)\] \(lamps\.md\)\\n(Lamp [^.]*)\./g)]
      .flatMap(([, number, fact], i) => [
        `${fact} [${number}].`,
        ...(i === 3 ? [`Again, ${fact} [1, ${number}].`] : []),
      ])
      .join(' '),
  );
  const answer = await createLongText({ library: halls, model }).ask('What weighs each lamp of the hall?', {
    limit: 2,
  });
  expect(prompts[0]).toContain('[8] (lamps.md)');
  expect(answer.citations.map(({ text }) => text)).toEqual(facts.slice(0, 2));
  expect(new Set(answer.text.match(/\[\d+\]/g))).toEqual(new Set(['[1]', '[2]']));
  expect(answer.text).toContain('weighs 27 grams.');
  expect(answer.warnings.some((warning) => warning.includes('no more than 2'))).toBe(true);
  await expect(
    Promise.resolve(createLongText({ library: halls, model }).ask('Lamp?', { limit: 0 })),
  ).rejects.toMatchObject({ code: 'invalid-argument' });
});

test('passages of a summary begin where their words do, on their page and line', async () => {
  const filler = 'A sentence of some length stands here. '.repeat(25).trim();
  const [alpha, beta] = [`Alpha opens. ${filler}`, `Beta follows. ${filler}`];
  const text = `${alpha}\n\n\n\n${beta}\n`;
  const source = { ...sourceOf('a.pdf', text), pages: Int32Array.of(0, text.indexOf('Beta')) };
  const { model } = scripted(() => 'Alpha opens [1]. Beta follows [2].');
  const paged = { ...memoryLibrary({ 'a.pdf': text }), document: async () => source };
  const { citations } = await createLongText({ library: paged, model }).summarize({ words: 50 });
  expect(citations.map(({ page, line, text: said }) => [page, line, said])).toEqual([
    [1, 1, alpha],
    [2, 5, beta],
  ]);
});

test('a long block of emoji is cut between them', async () => {
  const { model, prompts } = scripted(() => 'x');
  await createLongText({ model }).summarize({ text: `Say it: a${'😀'.repeat(2000)}`, words: 50 });
  expect(prompts[0]).toContain('😀');
  expect(prompts[0]).not.toMatch(/\\ud[89a-f]|\ufffd/);
});

/** Tokens of figures as most models count them: one a digit, else one a word or mark. */
const countDigits = async (text: string) => text.match(/\d|\p{L}+|[^\s\p{L}\d]/gu)?.length ?? 0;

test('prompts keep to the context as its own tokens are counted', async () => {
  const rows = Array.from(
    { length: 120 },
    (_, i) =>
      `In row ${i} the books say 4018${i}77, 9920${i}13, 55120${i}8, 77310${i}2, 10294${i}6 and 88120${i}4.`,
  );
  const long = (at: number) => rows.slice(at, at + 12).join(' ');
  const books = memoryLibrary({ 'books.md': [0, 12, 24, 36, 48, 60, 72, 84].map(long).join('\n\n') });
  const model = scriptedModel(() => 'The books say it.', { specification: 'v3' });
  const contextTokens = 2048;
  const client = createLongText({ library: books, model, contextTokens, countTokens: countDigits });
  await client.summarize({ text: rows.join('\n\n'), words: 100 });
  await client.ask('What do the books say in the row?');
  expect(model.calls.length).toBeGreaterThan(5);
  for (const call of model.calls) {
    const { system, user } = promptText(call);
    expect((await countDigits(`${system}\n\n${user}`)) + call.maxOutputTokens!).toBeLessThan(contextTokens);
  }
});

const saying = (answer: string) => scriptedModel(() => answer, { specification: 'v3' });

test('an answer that is cut at its length, and one that is empty, are said to be', async () => {
  const question = 'How often is a failed call retried?';
  const cut = saying('A failed call is retried exactly 2 times [1]. '.repeat(200));
  const answer = await createLongText({ library, model: cut }).ask(question);
  expect(answer.warnings).toEqual(["The model's answer was cut at its 1024 output tokens."]);
  expect(answer.text).toMatch(/exactly 2$/u);
  const empty = await createLongText({ library, model: saying(' ') }).ask(question);
  expect(empty).toMatchObject({ text: '', citations: [], warnings: ['The model wrote no answer.'] });
});

test('a summary says once that notes on its source were cut, or that there are none', async () => {
  const text = Array.from({ length: 300 }, (_, i) => `Fact ${i} says that item ${i} is heavy.`).join('\n\n');
  const summarize = (answer: string) =>
    createLongText({ model: saying(answer), contextTokens: 2000 }).summarize({ text, words: 50 });
  const cut = await summarize('The item is heavy. '.repeat(100));
  expect(cut.warnings).toEqual([
    expect.stringMatching(/^The model's note on the source was cut at its \d+ output tokens\.$/u),
    "The model's summary was cut at its 164 output tokens.",
  ]);
  expect((await summarize('')).warnings).toEqual([
    'The model wrote no note on the source.',
    'The model wrote no summary.',
  ]);
});

test('a call is heard after each passage, where a source is cut into them too', async () => {
  const { signal } = new AbortController();
  const heard = vi.spyOn(signal, 'throwIfAborted');
  let checks = 0;
  const countTokens = async () => {
    checks ||= heard.mock.calls.length; // passages are cut before anything is counted
    return 1;
  };
  const model = saying('Nothing.');
  await createLongText({ model, countTokens }).summarize({
    text: `${'word '.repeat(280)}\n\n`.repeat(100),
    signal,
  });
  expect(checks).toBeGreaterThanOrEqual(100);
});
