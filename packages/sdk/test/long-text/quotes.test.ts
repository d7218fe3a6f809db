/** `[n]` in a text of quotes means its citation `n`, whatever stands in brackets in its sources. */
import { markersIn } from '@trivium/protocol';
import { expect, test } from 'vitest';
import { createLibrary } from '../../src/documents/index.js';
import { createLongText } from '../../src/long-text/create-long-text.js';
import { quotedCode, quotedProse, withoutFences } from '../../src/long-text/quoted.js';
import { temporaryFolder } from '../documents/fixtures.js';
import { memoryLibrary, sourceOf } from './fakes.js';

async function answerFrom(files: Record<string, string>, question: string) {
  await using folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) await folder.write(name, text);
  await using library = await createLibrary({ inProcess: true, cacheDir: false, staticModel: false });
  await library.read([folder.path]);
  return await createLongText({ library }).ask(question);
}

const numbersIn = (text: string) => markersIn(text).flatMap(({ numbers }) => numbers);

test('references of a source are no citations of the answer', async () => {
  const { text, citations } = await answerFrom(
    {
      'paper.md':
        '# Attention\n\nThe transformer uses attention alone and drops recurrence [2]. Earlier models used recurrence [3, 7].\n',
      'blog.md': '# Electricity\n\nThe transformer in the cellar uses copper coils and oil.\n',
    },
    'Which transformer uses attention and drops recurrence?',
  );
  expect(text).toContain('The transformer uses attention alone and drops recurrence `[2]`. [1]');
  expect(new Set(numbersIn(text).map((number) => citations[number - 1]!.path))).toEqual(
    new Set(citations.map(({ path }) => path)),
  );
  expect(citations[0]!.text).toContain('drops recurrence [2].');
});

const comment = ` // ${'the second of all entries '.repeat(8)}`;

test.each([
  { 'second.ts': 'export const secondEntry = entries[1];\n' },
  {
    'second.md': `# Entries\n\nRead it as follows.\n\n\`\`\`ts\nconst secondEntry = entries[1];${comment}\n\`\`\`\n`,
  },
])('an index in code stays, as code', async (files) => {
  const { text } = await answerFrom(files, 'secondEntry entries');
  expect(text).toMatch(/^`[^`]*secondEntry = entries\[1\];[^`]*` \[1\]$/m);
  expect(new Set(numbersIn(text))).toEqual(new Set([1]));
});

test('code of a library that says nothing of code is known by its fence', async () => {
  const library = memoryLibrary({ 'a.md': '```ts\n// One. Two.\nconst secondEntry = entries[1];\n```' });
  const { text } = await createLongText({ library }).ask('secondEntry');
  expect(text).toBe('```\nTwo.\nconst secondEntry = entries[1];\n```\n[1]');
});

test('a summary has no markers that its sources brought along', async () => {
  const source =
    'The model drops recurrence [2]. Weights lie in [0, 1] for all the heads [3]. Call `argv[1]` the path.';
  const { text, citations } = await createLongText().summarize({ text: source, words: 100 });
  expect(text).toBe(
    'The model drops recurrence `[2]`. Weights lie in `[0, 1]` for all the heads `[3]`. Call `argv[1]` the path.',
  );
  expect(citations.map((citation) => citation.text).join(' ')).toBe(source);
});

test('a summary of code keeps its indexes', async () => {
  const code = 'const secondEntry = entries[1];';
  const source = {
    ...sourceOf('a.ts', code),
    blocks: [{ kind: 'code' as const, start: 0, end: code.length }],
  };
  const library = { ...memoryLibrary({ 'a.ts': code }), document: async () => source };
  expect((await createLongText({ library }).summarize()).text).toBe(`\`${code}\``);
});

test.each([
  ['const a = 1;', 'const a = 1;'],
  ['a[1];', '`a[1];`'],
  ['a[1] = `b` + `c`;', '``a[1] = `b` + `c`;``'],
  ['`b` + a[1]', '`` `b` + a[1] ``'],
  ['a[1];\n  b[2];', '```\na[1];\n  b[2];\n```'],
  ['```ts\na[1];\n```', '`a[1];`'],
  ['let a;\n```', 'let a;'],
  ['/* ``` */ a[1];\nb', '````\n/* ``` */ a[1];\nb\n````'],
])('code with what could be a marker is between backticks: %j', (code, quoted) => {
  expect(quotedCode(withoutFences(code))).toBe(quoted);
  expect(numbersIn(`${quoted}\n[1]`)).toEqual([1]);
});

const fits = 'The allowed range of the retry count is';

test.each([
  ['The model drops recurrence [2].', 'The model drops recurrence `[2]`.'],
  // Intervals, values, arrays, indexes, shapes, patterns.
  [`${fits} [1, 10] and the default is [3].`, `${fits} \`[1, 10]\` and the default is \`[3]\`.`],
  ['The count lies in [1, 10].', 'The count lies in `[1, 10]`.'],
  ['The valid sizes [16, 32].', 'The valid sizes `[16, 32]`.'],
  ['Let x in [1, 2] and y in [0, 1].', 'Let x in `[1, 2]` and y in `[0, 1]`.'],
  ['The shape of the output is [1, 77, 768].', 'The shape of the output is `[1, 77, 768]`.'],
  ['sort([3, 1, 2]) returns [1, 2, 3].', 'sort(`[3, 1, 2]`) returns `[1, 2, 3]`.'],
  ['Pass the file as argv[1] and A[2,3].', 'Pass the file as `argv[1]` and `A[2,3]`.'],
  ['Use ^[1-9][0-9]$ or x[1][2] here.', 'Use ^[1-9][0-9]$ or `x[1][2]` here.'],
  ['It matches [[1]] here.', 'It matches [`[1]`] here.'],
  ['In section [12] of the form, enter [2024].', 'In section `[12]` of the form, enter `[2024]`.'],
  ['--retries N  Number of the attempts [3]', '--retries N  Number of the attempts `[3]`'],
  ['array[10] = 5; // set', '`array[10]` = 5; // set'],
  ['As shown in [1,\n  2].', 'As shown in `[1, 2]`.'],
  ['Read process.argv[2].x[3] and [4]b[5].', 'Read `process.argv[2]`.`x[3]` and `[4]`b`[5]`.'],
  ['It ends.[6]', 'It ends.`[6]`'],
  // Lists, entries and places of references.
  ['The models used recurrence [3, 7].', 'The models used recurrence `[3, 7]`.'],
  ['The models used recurrence [3], [7].', 'The models used recurrence `[3]`, `[7]`.'],
  ['Without a blank[2]. See [3].', 'Without a `blank[2]`. See `[3]`.'],
  ['[7] A. Author, A Book.', '`[7]` A. Author, A Book.'],
  ['[1]: https://example.com/one', '`[1]`: https://example.com/one'],
  ['# Attention [2].', '# Attention `[2]`.'],
  // Links.
  ['See [1](https://a.example/1).', 'See [`1`](https://a.example/1).'],
  ['See [[1]](https://a.example/1).', 'See [`[1]`](https://a.example/1).'],
  // Tables.
  ['| temperature | [1, 2] | how warm [3]. |', '| temperature | `[1, 2]` | how warm `[3]`. |'],
  ['temperature\tas is [1]; [2]', 'temperature\tas is `[1]`; `[2]`'],
  ['retries,"[1, 10]"', 'retries,"`[1, 10]`"'],
  // Chinese, which sets no blanks.
  ['取值范围为[1,100]，默认值为[10]。', '取值范围为`[1,100]`，默认值为`[10]`。'],
  // Between and beside backticks.
  ['Set `a[1]` then b[2].', 'Set `a[1]` then `b[2]`.'],
  ['The first of `argv`[1] is a name.', 'The first of `argv`[1\\] is a name.'],
  ['A ` quotes, as a[1] does.', 'A ` quotes, as a[1\\] does.'],
  ['As follows:\n```js\na[1];\nb', 'As follows:\n`a[1]`;\nb'],
  ['As follows:\n```js\na[1];\n```', 'As follows:\n```js\na[1];\n```'],
  // No marker.
  ['A note[^1] stays, [ ] and [x] too.', 'A note[^1] stays, [ ] and [x] too.'],
])(
  'prose keeps in a quote what it has in brackets, and nothing of it reads as a citation: %j',
  (prose, quoted) => {
    expect(quotedProse(prose)).toBe(quoted);
    expect(numbersIn(`${quoted}\n[1]\n${quoted}\n[2]`)).toEqual([1, 2]);
  },
);

test('an answer keeps what stands in brackets', async () => {
  const library = memoryLibrary({ 'a.md': `${fits} [1, 10] and the default is 3.` });
  const { text } = await createLongText({ library }).ask('What is the allowed range of the retry count?');
  expect(text).toBe(`${fits} \`[1, 10]\` and the default is 3. [1]`);
});

test('code that is cut off with its quote hides no citation, and is none', async () => {
  const library = memoryLibrary({
    'a.md': `${'The retry count is long, '.repeat(23)}and then there is \`[1, 2]  \` of it.`,
  });
  const { text } = await createLongText({ library }).ask('What is the retry count?');
  expect(text).toMatch(/ is `\[1, 2\\\] {1,2}\[1\]$/);
  expect(numbersIn(text)).toEqual([1]);
});

test('short fenced code is quoted without its fences where there is nothing else', async () => {
  const { text } = await answerFrom(
    { 'install.md': '# Foo\n\n```sh\nnpm install foo\nnpm run build\n```\n' },
    'How do I install foo with npm?',
  );
  expect(text).toBe('npm install foo\nnpm run build [1]');
});

async function summaryOf(name: string, text: string) {
  await using folder = await temporaryFolder();
  await folder.write(name, text);
  await using library = await createLibrary({ inProcess: true, cacheDir: false, staticModel: false });
  await library.read([folder.path]);
  return await createLongText({ library }).summarize();
}

test('a summary of a document of fenced code alone is its code', async () => {
  const { text, citations } = await summaryOf(
    'only.md',
    '```js\nconst first = process.argv[2];\nconsole.log(first);\n```\n',
  );
  expect(text).toBe('```\nconst first = process.argv[2];\nconsole.log(first);\n```');
  expect(numbersIn(text)).toEqual([]);
  expect(citations).toHaveLength(1);
});

test('a summary of headings and code has both, and cites no fence', async () => {
  const { text, citations } = await summaryOf(
    'cheat.md',
    '# Install\n\n```sh\nnpm install foo\n```\n\n# Use\n\n```js\n\nconsole.log(first);\n```\n',
  );
  expect(text).toBe('# Install\nnpm install foo\n# Use\nconsole.log(first);');
  expect(citations.map((citation) => citation.text)).not.toContain('```js');
});

test('backticks of two sentences leave no marker between them', async () => {
  const { text } = await createLongText().summarize({
    text: 'A ` opens what is said. Call a[1] or `b` as you like. Another ` ends what it was.',
    words: 100,
  });
  expect(numbersIn(text)).toEqual([]);
});
