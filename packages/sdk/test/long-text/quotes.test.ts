/** `[n]` in a text of quotes means its citation `n`, whatever stands in brackets in its sources. */
import { markersIn } from '@trivium/protocol';
import { expect, test } from 'vitest';
import { createLibrary } from '../../src/documents/index.js';
import { createLongText } from '../../src/long-text/create-long-text.js';
import { quotedCode, quotedProse } from '../../src/long-text/quoted.js';
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

test('references of a source are no citations of the answer, and stay in its citation', async () => {
  const { text, citations } = await answerFrom(
    {
      'paper.md':
        '# Attention\n\nThe transformer uses attention alone and drops recurrence [2]. Earlier models used recurrence [3, 7].\n',
      'blog.md': '# Electricity\n\nThe transformer in the cellar uses copper coils and oil.\n',
    },
    'Which transformer uses attention and drops recurrence?',
  );
  expect(text).toContain('The transformer uses attention alone and drops recurrence. [1]');
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
    'The model drops recurrence [2]. Weights lie in [0, 1] for all heads [3,4]. Call `argv[1]` the path.';
  const { text, citations } = await createLongText().summarize({ text: source, words: 100 });
  expect(text).toBe(
    'The model drops recurrence. Weights lie in `[0, 1]` for all heads. Call `argv[1]` the path.',
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
  expect(quotedCode(code)).toBe(quoted);
  expect(numbersIn(`${quoted}\n[1]`)).toEqual([1]);
});

test('prose is quoted without references, and with intervals as code', () => {
  expect(quotedProse('[7] Said [1, 2] so [3].')).toBe('Said so.');
  expect(quotedProse('In [0, 1] and `a[1]`.')).toBe('In `[0, 1]` and `a[1]`.');
});
