import { describe, expect, it } from 'vitest';
import { chunkDocument, maximumCharacters } from '../../src/documents/chunk-document.js';
import { indexDocument, openingTexts } from '../../src/documents/indexed-document.js';
import { readSource } from '../../src/documents/readers/read-source.js';
import { sentenceEnds } from '../../src/documents/sentences.js';
import { makePdf, seeded } from './fixtures.js';

async function passages(name: string, source: string) {
  const { text, blocks } = await readSource(name, new TextEncoder().encode(source));
  const { ranges, headings } = chunkDocument(text, blocks);
  return Array.from({ length: ranges.length / 3 }, (_, index) => {
    const [start, end, heading] = ranges.subarray(index * 3, index * 3 + 3) as unknown as [
      number,
      number,
      number,
    ];
    return { start, end, text: text.slice(start, end), headings: headings[heading]! };
  });
}

function randomMarkdown(random: () => number): string {
  const words = [
    'alpha',
    'beta',
    '注意力机制',
    'e.g. this',
    'camelCase',
    '😀',
    'x.',
    '。',
    '流式输出！',
    '\n',
  ];
  const some = (count: number) =>
    Array.from({ length: count }, () => words[Math.floor(random() * words.length)]).join(' ');
  const block = () => {
    const size = Math.floor(random() ** 3 * 600);
    const kind = Math.floor(random() * 7);
    if (kind === 0) return `${'#'.repeat(1 + Math.floor(random() * 4))} ${some(3).replaceAll('\n', '')}`;
    if (kind === 1) return `\`\`\`\n${some(size)}\n\`\`\``;
    if (kind === 2) return `- ${some(size).replaceAll('\n', '\n- ')}`;
    if (kind === 3) return '界'.repeat(size * 4);
    return some(size);
  };
  return Array.from({ length: 30 }, block).join('\n\n');
}

describe('passages', () => {
  it('never exceed the limit, never split a character, and leave out nothing but blanks', async () => {
    const random = seeded(7);
    for (let round = 0; round < 60; round++) {
      const source = randomMarkdown(random);
      const found = await passages(round % 2 ? 'a.md' : 'a.txt', source);
      const covered = new Uint8Array(source.length);
      let last = -1;
      for (const { start, end, text } of found) {
        expect(end - start).toBeLessThanOrEqual(maximumCharacters);
        expect(start).toBeGreaterThan(last);
        last = start;
        expect(text).toBe(text.trim());
        expect(text).not.toMatch(/^[\udc00-\udfff]|[\ud800-\udbff]$/);
        covered.fill(1, start, end);
      }
      const left = [...covered.keys()].filter((at) => !covered[at]);
      expect(
        left
          .map((at) => source[at])
          .join('')
          .trim(),
      ).toBe('');
    }
  });

  const numbered = Array.from({ length: 80 }, (_, i) => `Sentence ${i} of it stands here.`);
  it.each([
    ['a.md', `# A\n\n${numbered.join(' ')}\n---\n\nAfter.`],
    ['a.md', `# ${numbered.join(' ')}\rAfter.`],
    ['a.rst', `${numbered.join(' ')}\n===\n\nAfter.`],
    ['a.html', `<h1>A</h1><h2>${numbered.join(' ')}<p>After.`],
  ])('hold all of what is too long for a heading: %s', async (name, source) => {
    const found = await passages(name, source);
    const held = found.map(({ text }) => text).join('\n');
    for (const sentence of [...numbered, 'After.']) expect(held).toContain(sentence);
    for (const { text } of found) expect(text.length).toBeLessThanOrEqual(maximumCharacters);
  });

  it('hold all of a page in large type', async () => {
    const small = Array.from({ length: 45 }, () => ({
      text: 'The body of it stands in small type, line by line.',
      size: 10,
    }));
    const large = Array.from({ length: 40 }, (_, i) => ({
      text: `Line ${i} of the large page stands here.`,
      size: 12,
    }));
    const { text, blocks } = await readSource('a.pdf', makePdf([small, small, large]));
    const { ranges } = chunkDocument(text, blocks);
    let held = '';
    for (let at = 0; at < ranges.length; at += 3) held += text.slice(ranges[at], ranges[at + 1]);
    for (const line of large) expect(held).toContain(line.text);
  });

  it('cuts a line of a million characters', async () => {
    const found = await passages('a.txt', 'x'.repeat(1_000_000));
    expect(found).toHaveLength(1000);
  });

  it('keep a heading with what it opens, and know the headings above', async () => {
    const filler = 'A sentence of some length stands here. '.repeat(20);
    const found = await passages(
      'a.md',
      `# Top\n\n${filler}\n\n## Inner\n\nThe answer is here.\n\n# Next\n\nOther.`,
    );
    const inner = found.find(({ text }) => text.includes('answer'))!;
    expect(inner.text).toBe('## Inner\n\nThe answer is here.');
    expect(inner.headings).toEqual(['Top', 'Inner']);
    expect(found.at(-1)).toMatchObject({ text: '# Next\n\nOther.', headings: ['Next'] });
  });

  it('keep code with the sentence that introduces it', async () => {
    const filler = 'A sentence of some length stands here. '.repeat(18);
    const code = `\`\`\`\n${'call();\n'.repeat(60)}\`\`\``;
    const found = await passages('a.md', `${filler}\n\nIt is called like this:\n\n${code}`);
    const holder = found.find(({ text }) => text.includes('call();'))!;
    expect(holder.text.startsWith('It is called like this:')).toBe(true);
    expect(holder.text.endsWith('```')).toBe(true);
  });
});

describe('sentences', () => {
  it.each([
    ['One. Two! Three?', ['One. ', 'Two! ', 'Three?']],
    ['See e.g. this. Version 1.2 works.', ['See e.g. this. ', 'Version 1.2 works.']],
    ['第一句。“第二句！”第三句', ['第一句。', '“第二句！”', '第三句']],
    ['हमने देखा। वह आगरा में है॥ १.२', ['हमने देखा। ', 'वह आगरा में है॥ ', '१.२']],
    ['هل رأيتم الأقصر؟ ہم نے دیکھا۔ نعم', ['هل رأيتم الأقصر؟ ', 'ہم نے دیکھا۔ ', 'نعم']],
    ['Πού είναι\u037e Ναι «Πού\u037e» Ναι', ['Πού είναι\u037e ', 'Ναι «Πού\u037e» ', 'Ναι']],
    ['Items:\n- one\n- two', ['Items:\n', '- one\n', '- two']],
  ])('end where they end: %s', (text, expected) => {
    let from = 0;
    const found = sentenceEnds(text, 0, text.length).map((end) => {
      const sentence = text.slice(from, end);
      from = end;
      return sentence;
    });
    expect(found).toEqual(expected);
  });
});

it('takes of a block without end its head as what opens the document', async () => {
  const source = await readSource(
    'a.log',
    new TextEncoder().encode(`GET /tea [200](x) ${'](x '.repeat(5000)}`),
  );
  const times = { mtimeMs: 0, ctimeMs: 0, ino: 0, readAt: 0 };
  const document = indexDocument(
    { path: 'a.log', absolutePath: '/a.log', size: 0, ...times, hash: '' },
    source,
  );
  const [text, ...others] = openingTexts(document, 3);
  expect(text).toMatch(/^GET \/tea 200/);
  expect(text!.length).toBeLessThanOrEqual(2 * maximumCharacters);
  expect(others).toEqual([]);
});
