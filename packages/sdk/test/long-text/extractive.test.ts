import { TriviumError } from '@trivium/protocol';
import { expect, test } from 'vitest';
import { markdownBlocks } from '../../src/documents/readers/markdown-blocks.js';
import { createLongText } from '../../src/long-text/create-long-text.js';
import { selectSentences } from '../../src/long-text/summarize-extractive.js';
import { sentencesOf, textSource } from '../../src/long-text/summary-source.js';
import { countWords, stripQuestion, terms } from '../../src/long-text/words.js';
import { scriptedModel } from '../../src/testing/index.js';
import { hashEmbed, memoryLibrary, sourceOf } from './fakes.js';

const files = {
  'retry.md':
    '# Retries\n\nA failed call is retried twice. The pause doubles each time.\n\nSet maxRetries to 0 to turn retries off.',
  'stream.md':
    '# Streams\n\nCall stop to end a stream early. The tokens written so far are kept.\n\nStreams are lazy.',
};
const longText = createLongText({ library: memoryLibrary(files), embed: hashEmbed });

test('ask cites the passage that answers, with offsets that slice back', async () => {
  const { text, citations, mode, warnings } = await longText.ask('How do I turn off retries?');
  expect(mode).toBe('extractive');
  expect(warnings).toEqual([]);
  expect(citations[0]!.path).toBe('retry.md');
  expect(citations[0]!.text).toContain('maxRetries to 0');
  for (const { path, start, end, text: quote } of citations) {
    expect(files[path as keyof typeof files].slice(start, end)).toBe(quote);
    expect(quote.length).toBeLessThanOrEqual(1000);
  }
  expect(text).toContain('Set maxRetries to 0 to turn retries off. [1]');
});

test('a heading is not quoted where something is said below it', async () => {
  const { text } = await longText.ask('Streams: how do I end a stream early?');
  expect(text).toContain('Call stop to end a stream early.');
  expect(text).not.toContain('#');
});

test('what is quoted ends with a whole character', async () => {
  const library = memoryLibrary({ 'emoji.md': `The answer is ${'\u{1f389}'.repeat(400)}` });
  const { text } = await createLongText({ library, embed: hashEmbed }).ask('What is the answer?');
  expect(text).not.toMatch(/\p{Cs}/u);
  expect(text.length).toBeGreaterThan(500);
});

test('ask streams what it answers, and says when nothing fits', async () => {
  const running = longText.ask('How do I end a stream?');
  let streamed = '';
  for await (const delta of running.textStream) streamed += delta;
  expect(streamed).toBe((await running).text);
  expect(streamed).toContain('Call stop to end a stream early.');
  const nothing = await longText.ask('zebra');
  expect(nothing.citations).toEqual([]);
  expect(nothing.warnings).toHaveLength(1);
});

const story = Array.from({ length: 40 }, (_, i) =>
  i === 20
    ? 'The captain hid the golden key inside the old clock before the storm came.'
    : `On day ${i} the crew of the ship sailed on over the grey sea and counted barrels number ${i}.`,
).join(' ');

test('a summary keeps to its length and to source order, and its citations slice back', async () => {
  const { text, citations, sourceTokens } = await longText.summarize({ text: story, words: 60 });
  expect(countWords(text)).toBeGreaterThan(45);
  expect(countWords(text)).toBeLessThanOrEqual(75);
  expect(citations.map(({ start }) => start)).toEqual(
    citations.map(({ start }) => start).sort((a, b) => a - b),
  );
  expect(citations.map(({ start, end }) => story.slice(start, end)).join(' ')).toBe(
    text.replaceAll('\n', ' '),
  );
  expect(sourceTokens).toBeGreaterThan(500);
});

test.each([{ embed: hashEmbed }, {}])(
  'a query decides what the summary is about, with and without an embedder',
  async (options) => {
    const summary = await createLongText(options).summarize({
      text: story,
      words: 20,
      query: 'Where is the golden key?',
    });
    expect(summary.text).toContain('golden key');
  },
);

test('ratio measures the source; documents of the library are summarized by default', async () => {
  const half = await createLongText().summarize({ text: story, ratio: 0.5 });
  expect(countWords(half.text) / countWords(story)).toBeCloseTo(0.5, 1);
  const both = await longText.summarize({ words: 100 });
  expect(new Set(both.citations.map(({ path }) => path))).toEqual(new Set(Object.keys(files)));
});

test.each([
  ['words and ratio', () => createLongText().summarize({ text: story, words: 5, ratio: 0.1 })],
  ['a ratio over 1', () => createLongText().summarize({ text: story, ratio: 2 })],
  ['no sentences', () => createLongText().summarize({ text: '...' })],
  ['an empty question', () => longText.ask(' ')],
])('%s is an invalid argument', async (_, start) => {
  const error = await Promise.resolve(start()).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(TriviumError.isInstance(error) && error.code).toBe('invalid-argument');
});

test('an aborted summary rejects with the reason', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(Promise.resolve(longText.summarize({ text: story, words: 20, signal }))).rejects.toThrow(
    'enough',
  );
});

test('words: Chinese counts as characters / 1.6, questions lose their question words', () => {
  expect(countWords('你好世界你好世界 and two')).toBe(7);
  expect(stripQuestion('How do I stop a stream?')).toBe('stop a stream');
  expect(stripQuestion('怎样停止流？')).toBe('停止流');
  expect(terms('maxRetries of the streams')).toEqual(
    ['maxretri', 'max', 'retri', 'stream'].map((term) => expect.stringContaining(term.slice(0, 3))),
  );
});

test('vowels that are marks are of their word, what varies a symbol is none', async () => {
  const text = 'हमने आगरा में ताजमहल देखा। वह नदी के पास है।';
  expect(countWords(text)).toBe(10);
  expect(terms('ताजमहल देखा ⚠\ufe0f')).toEqual(['ताजमहल', 'देखा']);
  expect((await createLongText().summarize({ text, words: 6 })).text).toMatch(/^हमने .*देखा।$/);
});

test('a call that cannot be made rejects, and a stopped one too, without an embedder', async () => {
  const running = createLongText().ask('How do I stop?');
  await expect(Promise.resolve(running)).rejects.toMatchObject({
    code: 'invalid-argument',
    field: 'library',
  });
  const stopped = createLongText().summarize({ text: story, signal: AbortSignal.abort(new Error('enough')) });
  await expect(Promise.resolve(stopped)).rejects.toThrow('enough');
});

test.each([
  ['a rule and a word', '--- Forwarded message ---\n'],
  ['front matter', '---\ntitle: The record of the flood\n---\n\n'],
  ['a bracket', '<Noted down in the evening.> '],
  ['a brace', '{Noted down in the evening.} '],
  ['what imports in code', 'import duties rose by ten percent in March. '],
  ['what exports in code', 'export prices fell by ten percent in March.\n\n'],
])('a text that begins with %s is summarized', async (_, beginning) => {
  const said = 'The river rose by four metres on Monday night.';
  const { text, citations } = await createLongText().summarize({ text: beginning + said, words: 40 });
  expect(text).toContain(said);
  expect(text).not.toContain('title:');
  expect((beginning + said).slice(citations[0]!.start, citations[0]!.end)).toBe(citations[0]!.text);
});

test('what begins like markup is left out beside prose, imports in Markdown alone', async () => {
  const text = '<Steps of many words here />\n\nimport duties rose in March.\n\nPrices fell in May.';
  const said = async (mediaType: string) =>
    (await sentencesOf([{ ...sourceOf('a', text), mediaType }])).map((sentence) => sentence.text);
  expect(await said('text/markdown')).toEqual(['Prices fell in May.']);
  expect(await said('text/plain')).toEqual(['import duties rose in March.', 'Prices fell in May.']);
  const bare = await sentencesOf([textSource(text)]);
  expect(bare.map((sentence) => sentence.text)).toEqual(await said('text/plain'));
});

test.each([0.3, 0.7, 1])(
  'a long summary keeps to its length with an embedder too, at a ratio of %f',
  async (ratio) => {
    const sentences = Array.from({ length: 1600 }, (_, i) => ({
      text: `Record ${i} of the hall names item ${(i * 7919) % 3001} and its weight.`,
      words: 12,
    }));
    const embedded: number[] = [];
    const embed = async (texts: readonly string[]) => {
      embedded.push(texts.length);
      return hashEmbed(texts);
    };
    const chosen = await selectSentences(sentences, { words: ratio * 1600 * 12, embed });
    expect(Math.abs(chosen.length - ratio * 1600)).toBeLessThanOrEqual(1);
    const places = chosen.map((sentence) => sentences.indexOf(sentence));
    expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
    // Of a length that what is embedded holds, meaning decides.
    expect(embedded).toEqual(ratio === 0.3 ? [700] : []);
  },
);

const spoken = Array.from({ length: 400 }, (_, i) =>
  i === 250 ? 'the harbour was closed' : `and so${i} on`,
).join(' ');

test('speech without full stops is quoted in pieces, beside a line that has one', async () => {
  const text = `${spoken}\n\nThank you all for coming today.`;
  const { text: summary, citations } = await createLongText().summarize({
    text,
    words: 45,
    query: 'Was the harbour closed?',
  });
  expect(summary).toContain('the harbour was closed');
  for (const { start, end, text: quote } of citations) expect(text.slice(start, end)).toBe(quote);
  const sentences = await sentencesOf([textSource(text)]);
  expect(Math.max(...sentences.map(({ words }) => words))).toBeLessThan(50);
  const kept = sentences.map((sentence) => sentence.text).join(' ');
  expect(kept).toBe(text.replace(/\s+/g, ' '));
});

test('Chinese without full stops is quoted in pieces that end with a clause where there is one', async () => {
  const text = `${'我们今天讨论预算问题'.repeat(5)}，${'港口已经关闭'.repeat(60)}`;
  const sentences = await sentencesOf([textSource(text)]);
  expect(sentences.map((sentence) => sentence.text).join('')).toBe(text);
  expect(sentences[0]!.text.endsWith('，')).toBe(true);
  expect(sentences.every(({ words }) => words <= 42)).toBe(true);
});

test.each(['hello world', '绿茶。', '# Only a heading', '| tea | price |\n|---|---|\n| green | 3 |'])(
  'where there is no prose, what there is is summarized: %s',
  async (text) => {
    const { blocks } = markdownBlocks(text, false);
    const [sentence] = await sentencesOf([{ ...sourceOf('a.md', text), blocks }]);
    expect(text.slice(sentence!.start, sentence!.end)).toBe(sentence!.text);
  },
);

const functions = Array.from(
  { length: 40 },
  (_, i) =>
    `function read${i}(pages: Page[]) {\n  // Those of step ${i}. None is left out!\n` +
    `  const found = pages.flatMap((page) => (page ? [page.part${i}] : []));\n  return found;\n}\n`,
).join('');
const rows = `name,city,remark\n${Array.from({ length: 300 }, (_, i) => `Person ${i},Town ${i % 7},"paid, in part, on day ${i}"\n`).join('')}`;

test.each([
  ['code', functions],
  ['table', rows],
] as const)('%s is summarized by whole lines, in about as many words as asked for', async (kind, text) => {
  const source = { ...sourceOf('a', text), blocks: [{ kind, start: 0, end: text.length }] };
  const library = { ...memoryLibrary({ a: text }), document: async () => source };
  for (const words of [10, 20, 60]) {
    const summary = await createLongText({ library }).summarize({ words });
    expect(countWords(summary.text)).toBeLessThan(words + 25);
    for (const { start, end, text: quote } of summary.citations) {
      expect(text.slice(start, end)).toBe(quote);
      expect(text.slice(text.lastIndexOf('\n', start) + 1, start).trim()).toBe('');
      expect(text.slice(end)).toMatch(/^\s*\n/);
      expect(summary.text).toContain(quote);
    }
  }
});

test('a line of code that is longer than a quotation is quoted in pieces', async () => {
  const text = `start();\n${'call(one, two);'.repeat(2000)}`;
  const source = { ...sourceOf('a', text), blocks: [{ kind: 'code' as const, start: 0, end: text.length }] };
  const sentences = await sentencesOf([source]);
  expect(sentences[0]!.text).toBe('start();');
  for (const { start, end, text: quote } of sentences) {
    expect(quote.length).toBeLessThanOrEqual(900);
    expect(text.slice(start, end)).toBe(quote);
  }
});

test('nothing at all is refused, with and without a model', async () => {
  const model = scriptedModel(['never asked'], { specification: 'v3' });
  for (const options of [{}, { model }])
    await expect(createLongText().summarize({ text: ' \n\n ', ...options })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
});

test.each([
  ['JSON on one line', JSON.stringify(Array.from({ length: 2000 }, (_, id) => ({ id, name: `item${id}` })))],
  ['base64', 'QUJD'.repeat(25_000)],
  ['Thai', 'ประเทศไทยเป็นประเทศที่ตั้งอยู่ในภูมิภาคเอเชีย'.repeat(1000)],
  ['paragraphs of Thai', `${'ประเทศไทยเป็นประเทศที่ตั้งอยู่ในภูมิภาคเอเชีย'.repeat(8)}\n\n`.repeat(100)],
  ['Japanese without marks', 'わたしはにほんごをべんきょうしています'.repeat(2000)],
  ['hardly any words', `ab ${'- '.repeat(50_000)}cd`],
  ['one long word in speech', `${'and so on '.repeat(60)}${'x'.repeat(50_000)}`],
])('a summary of what has no words to tell apart is about as long as asked for: %s', async (_, text) => {
  const { text: summary, citations } = await createLongText().summarize({ text, words: 150 });
  expect(summary.length).toBeLessThan(1800);
  for (const { start, end, text: quote } of citations) {
    expect(text.slice(start, end)).toBe(quote);
    expect(quote.length).toBeLessThanOrEqual(900);
  }
});

test('a ratio of text without blanks is of its length', async () => {
  const text = 'QUJD'.repeat(2500);
  const { text: summary } = await createLongText().summarize({ text, ratio: 0.5 });
  expect(summary.length / text.length).toBeCloseTo(0.5, 1);
});

test('pieces of text without blanks end with whole characters', async () => {
  const emoji = await sentencesOf([textSource(`ab${'\u{1f389}'.repeat(2000)}`.repeat(2))]);
  for (const { text } of emoji) expect(text).not.toMatch(/\p{Cs}/u);
  const marked = await sentencesOf([textSource('ที่'.repeat(2000))]);
  for (const { text } of marked) expect(text).not.toMatch(/^\p{M}/u);
});
