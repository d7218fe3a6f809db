import { describe, expect, it, vi } from 'vitest';
import { chunkDocument } from '../../src/documents/chunk-document.js';
import { documentText } from '../../src/documents/document-text.js';
import { placeInFile } from '../../src/documents/places.js';
import { markdownBlocks } from '../../src/documents/readers/markdown-blocks.js';
import { readSource } from '../../src/documents/readers/read-source.js';
import { damagePage, makePdf, temporaryFolder } from './fixtures.js';

const utf8 = (text: string) => new TextEncoder().encode(text);
const read = (name: string, content: string | Uint8Array) =>
  readSource(name, typeof content === 'string' ? utf8(content) : content);
const shapes = async (name: string, content: string) => {
  const { text, blocks } = await read(name, content);
  return blocks.map(({ kind, start, end, level }) => [kind + (level ?? ''), text.slice(start, end)]);
};

describe('Markdown', () => {
  it('finds headings, code, lists and tables, and leaves the text as it is', async () => {
    const source =
      '# One `two`\n\nA line.\nGoes on.\n\n```ts\n# no heading\n\nx\n```\n\n- a\n- b\n\n  more\n\n| a | b |\n| - | - |\n\nTitle\n=====\n\nend';
    expect(await shapes('a.md', source)).toEqual([
      ['heading1', '# One `two`'],
      ['paragraph', 'A line.\nGoes on.'],
      ['code', '```ts\n# no heading\n\nx\n```'],
      ['list', '- a\n- b\n\n  more'],
      ['table', '| a | b |\n| - | - |'],
      ['heading1', 'Title\n====='],
      ['paragraph', 'end'],
    ]);
    expect(await read('a.md', source)).toMatchObject({
      text: source,
      title: 'One two',
      mediaType: 'text/markdown',
    });
  });

  it('reads a component with properties as a table, and parts it between its entries', async () => {
    const entry = (name: string) =>
      `    {\n      name: '${name}',\n      description:\n        'What ${name} is for. Defaults to 2.',\n    },\n`;
    const names = Array.from({ length: 30 }, (_, i) => `option${i}`);
    const table = `<PropertiesTable\n  content={[\n${names.map(entry).join('')}  ]}\n/>`;
    const text = `# API\n\n<Note>Mind this.</Note>\n\n${table}\n\nAfter it.\n`;
    const { blocks } = markdownBlocks(text, false);
    expect(blocks.map(({ kind }) => kind)).toEqual(['heading', 'paragraph', 'table', 'paragraph']);
    expect(text.slice(blocks[2]!.start, blocks[2]!.end).trim()).toBe(table);
    const { ranges } = chunkDocument(text, blocks);
    const passages = Array.from({ length: ranges.length / 3 }, (_, i) =>
      text.slice(ranges[3 * i], ranges[3 * i + 1]),
    );
    expect(passages.length).toBeGreaterThan(2);
    for (const name of names)
      expect(passages.filter((one) => one.includes(entry(name).trim()))).toHaveLength(1);
  });

  it('knows code within a line from a fence, and an empty title from one on the next line', async () => {
    expect(await shapes('a.md', '```npm i``` installs it.\n\n# Next\n\nText.')).toEqual([
      ['paragraph', '```npm i``` installs it.'],
      ['heading1', '# Next'],
      ['paragraph', 'Text.'],
    ]);
    const empty = '---\ntitle:\ndescription:\nlayout: post\n---\n\n# Other';
    expect((await read('a.md', empty)).title).toBe('Other');
    expect(await shapes('a.md', empty)).toEqual([['heading1', '# Other']]);
    expect((await read('a.md', empty.replace('title:', 'title:\r\n  "Below"\r'))).title).toBe('Below');
  });

  it.each(['\n', '\r\n'])('ends a list at a blank line before what is not indented: %j', async (newline) => {
    const source = [
      '- one',
      'goes on',
      '',
      '  and on',
      '',
      '- two',
      '',
      'A paragraph.',
      '',
      '1. three',
      '',
      'Title',
      '-----',
      'More.',
    ];
    const found = await shapes('a.md', source.join(newline));
    expect(found.map(([kind, text]) => [kind, text!.replaceAll('\r', '')])).toEqual([
      ['list', '- one\ngoes on\n\n  and on\n\n- two'],
      ['paragraph', 'A paragraph.'],
      ['list', '1. three'],
      ['heading2', 'Title\n-----'],
      ['paragraph', 'More.'],
    ]);
  });

  it.each([
    '---\n\n# Title\n\nImportant text.\n\n---\n\nMore.',
    '---\n# Title\n\nImportant text.\n\n---\n\nMore.',
    '---\nImportant text: this, too.\n\n---\n\nMore.',
  ])('loses nothing between two lines across the page: %j', async (source) => {
    const found = (await shapes('a.md', source)).map(([, text]) => text).join('\n');
    expect(found).toContain('Important text');
    expect(found).toContain('More.');
  });

  it('reads values of front matter that stand on several lines', async () => {
    const source =
      '---\n# A comment\nother_title: no\ntitle: >-\n  My\n  title\n\ndescription: |\n  The zebra.\n\n  The lion.\ntags: a\n---\n\nBody';
    expect((await read('a.md', source)).title).toBe('My title');
    expect(await shapes('a.md', source)).toEqual([
      ['paragraph', 'description: |\n  The zebra.\n\n  The lion.'],
      ['paragraph', 'Body'],
    ]);
    expect((await read('a.md', '---\r\ntitle: |\r\n  Mine\r\n---\r\n\r\n# Other')).title).toBe('Mine');
  });

  it('parts lines at lone CRs where there is nothing else', async () => {
    const parsed = await read('a.md', '# One\r\rText.\r\rTwo\r===\r\rMore.');
    expect(parsed.blocks.map(({ kind }) => kind)).toEqual(['heading', 'paragraph', 'heading', 'paragraph']);
    const start = parsed.text.indexOf('More');
    expect(placeInFile(parsed, start, start + 4).line).toBe(8);
  });

  it('takes the title from front matter, and survives a fence that never closes', async () => {
    expect((await read('a.mdx', '---\ntitle: "Hello"\n---\n\n# Other')).title).toBe('Hello');
    expect(await shapes('a.md', 'a\n```\nb\n\nc')).toEqual([
      ['paragraph', 'a'],
      ['code', '```\nb\n\nc'],
    ]);
  });

  it.each([
    ['\t# first the dependencies\n\tnpm ci', 'paragraph'],
    ['    # first the dependencies', 'paragraph'],
    ['- an item\n\n\t```\n\t# in its fence\n\t```', 'list'],
    ['<pre>\n# inside\n\n# again\n</pre>', 'code'],
    ['<SCRIPT setup>\n# inside\n</script>', 'code'],
    ['<!--\n# inside\n\n# again\n-->', 'code'],
    ['<!-- # inside -->', 'code'],
    ['<?php\n# inside\n?>', 'code'],
    ['<!DOCTYPE html>', 'code'],
    ['<![CDATA[\n# inside\n]]>', 'code'],
  ])('takes code, HTML and comments for no headings: %j', async (source, kind) => {
    const found = await shapes('a.md', `Before.\n\n${source}\n\n# After\n`);
    expect(found).toEqual([
      ['paragraph', 'Before.'],
      [kind, source],
      ['heading1', '# After'],
    ]);
  });

  it('reads reStructuredText headings in the order of their underlines', async () => {
    const found = await shapes('a.rst', 'Top\n===\n\ntext::\n\n  code\n\nInner\n-----\n\nmore\n');
    expect(found.filter(([kind]) => kind!.startsWith('heading'))).toEqual([
      ['heading1', 'Top\n==='],
      ['heading2', 'Inner\n-----'],
    ]);
  });
});

describe('text and encodings', () => {
  const text = '第一章 开始\n\n中文的段落，足够长，可以辨认。\n\nEnglish too.';
  it.each([
    ['UTF-8 with a mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), utf8(text)])],
    ['UTF-16 LE', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')])],
    ['UTF-16 BE', Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(text, 'utf16le').swap16()])],
  ])('decodes %s, and counts the mark as Node does', async (_, bytes) => {
    const parsed = await read('a.txt', bytes);
    expect(parsed.text).toBe(`\ufeff${text}`);
    expect(parsed.blocks[0]).toMatchObject({ kind: 'heading', start: 1 });
  });

  it.each(['md', 'rst', 'txt', 'js', 'json', 'csv'])('begins behind a mark: %s', async (extension) => {
    expect((await read(`a.${extension}`, '\ufeffText.')).blocks).toMatchObject([{ start: 1, end: 6 }]);
  });

  it('knows front matter and XML behind a mark', async () => {
    const page = '\ufeff---\ntitle: Mine\ndescription: Its words.\n---\n\nText.';
    expect((await read('a.md', page)).title).toBe('Mine');
    expect((await shapes('a.md', page)).map(([, text]) => text)).toEqual([
      'description: Its words.',
      'Text.',
    ]);
    const { text } = await read('a.html', '\ufeff<?xml version="1.0"?><script src="a"/><p>Text.');
    expect(text.trim()).toBe('Text.');
  });

  it('decodes GB18030 and Windows-1252', async () => {
    expect((await read('a.txt', Buffer.from('d6d0cec4a3acb6ceC2E4a1a3', 'hex'))).text).toBe('中文，段落。');
    expect((await read('a.txt', Buffer.from('un café très bon, déjà vu', 'latin1'))).text).toBe(
      'un café très bon, déjà vu',
    );
  });

  it.each([
    ['a.txt', Buffer.from([0x41, 0, 0x42]), /zero bytes/],
    ['a', Buffer.from('89504e470d0a1a0a', 'hex'), /PNG/],
    ['a', Buffer.from('474946383961100010008000ff', 'hex'), /GIF/],
    ['a', Buffer.from('4747554603000000', 'hex'), /GGUF/],
    ['a.docx', Buffer.from('x'), /docx.*; save it as PDF, HTML or Markdown/],
    ['a', Buffer.from('504b030414000600', 'hex'), /; save it as PDF, HTML or Markdown/],
    ['a.pdf', Buffer.from('hello'), /not a PDF/],
    ['a.pdf', Buffer.from('%PDF-1.4\nbroken'), /PDF/],
  ])('refuses %s with a reason', async (name, bytes, reason) => {
    await expect(read(name, bytes)).rejects.toThrow(reason);
  });

  it.each(['GGUF is a file format.', 'GIF89a was published in 1989.', '%PDF-1.4 begins a PDF.'])(
    'reads what begins with the words of a binary format: %s',
    async (text) => expect((await read('a.md', text)).text).toBe(text),
  );

  it('reads GB18030 with a wrong byte, or one too few', async () => {
    const whole = 'd6d0cec4a3acb6cec2e4a1a3'.repeat(5);
    const text = '中文，段落。'.repeat(5);
    for (const wrong of ['ff', 'd6'])
      expect((await read('a.txt', Buffer.from(whole + wrong, 'hex'))).text).toBe(`${text}\ufffd`);
    const noise = Buffer.from('a1ff'.repeat(20), 'hex');
    await expect(read('a.txt', noise)).rejects.toThrow(/unknown encoding/);
  });

  it.each([
    ['Chinese', '这是一个很长的中文文档，讲的是茶。'.repeat(10)],
    ['French', 'Été à la forêt, où naît le café. '.repeat(10)],
    ['English', 'It’s a dog’s life. '.repeat(10)],
  ])('reads UTF-8 with a wrong byte, or one too few: %s', async (_, whole) => {
    const bytes = Buffer.from(`${whole}é`);
    const wrong = Buffer.concat([bytes.subarray(0, -2), Buffer.from([0xff]), bytes.subarray(-2)]);
    expect((await read('a.txt', wrong)).text).toBe(`${whole}\ufffdé`);
    expect((await read('a.txt', bytes.subarray(0, -1))).text).toBe(`${whole}\ufffd`);
    const marked = Buffer.from('\ufeffcaf\u00e9').subarray(0, -1);
    expect((await read('a.txt', marked)).text).toBe('\ufeffcaf\ufffd');
  });

  it.each([
    ['a.html', '<meta charset="Shift_JIS"><p>', '83658358836783828145', 'テストモ・'],
    ['a.html', '<meta content="text/html; charset=windows-1251"><p>', 'cff0e8e2e5f2', 'Привет'],
    ['a.xml', '<?xml version="1.0" encoding=\'koi8-r\'?>', 'f0d2c9d7c5d4', 'Привет'],
    ['a.css', '@charset "EUC-KR"; ', 'b0a1b3aa', '가나'],
    ['a.txt', 'The charset=nonsense of ', '636166e9', 'café'],
    ['a.txt', 'Not the charset="utf-8" of ', '636166e9', 'café'],
  ])('reads %s in the encoding that it names: %s', async (name, top, hex, said) => {
    const bytes = Buffer.concat([Buffer.from(top), Buffer.from(hex, 'hex')]);
    expect((await read(name, bytes)).text).toContain(said);
    await using folder = await temporaryFolder();
    expect((await documentText(await folder.write(name, bytes))).text).toBe(top + said);
  });

  it.each(['a.txt', 'a.md', 'a.js'])('keeps a line that begins with many blanks: %s', async (name) => {
    const source = `alpha\n${' '.repeat(300)}needle\nomega`;
    expect((await shapes(name, source)).map(([, text]) => text)).toEqual([source]);
  });

  it('parts code at unindented lines', async () => {
    expect(await shapes('a.py', 'def a():\n  x\n\n  y\n\ndef b():\n  z\n')).toEqual([
      ['code', 'def a():\n  x\n\n  y'],
      ['code', 'def b():\n  z'],
    ]);
  });

  it('reads empty files', async () => {
    for (const name of ['a.md', 'a.txt', 'a.html', 'a.json', 'a.py'])
      expect((await read(name, '')).blocks).toEqual([]);
  });
});

describe('HTML', () => {
  const source = `<!doctype html><title>The &amp; page</title><nav>skip me</nav>
<h1>Big <b>news</b></h1>
<p>Tom &amp; Jerry
   run<br>fast</p><script>no()</script>
<ul><li>one<li>two</ul><pre>a
  b</pre><table><tr><td>x<td>y</table>`;

  it('takes the text a reader sees', async () => {
    const { text, blocks, title } = await read('a.html', source);
    expect(title).toBe('The & page');
    expect(blocks.map(({ kind, start, end }) => [kind, text.slice(start, end)])).toEqual([
      ['heading', 'Big news'],
      ['paragraph', 'Tom & Jerry run'],
      ['paragraph', 'fast'],
      ['list', 'one'],
      ['list', 'two'],
      ['code', 'a\n  b'],
      ['table', 'x | y'],
    ]);
  });

  it('leads back into the markup', async () => {
    const parsed = await read('a.html', source);
    const whereIs = (words: string) => {
      const start = parsed.text.indexOf(words);
      const place = placeInFile(parsed, start, start + words.length);
      return [source.slice(place.start, place.end), place.line];
    };
    expect(whereIs('Big news')).toEqual(['Big <b>news', 2]);
    expect(whereIs('Tom & Jerry run')).toEqual(['Tom &amp; Jerry\n   run', 3]);
    expect(whereIs('&')).toEqual(['&amp;', 3]);
    expect(whereIs('run')).toEqual(['run', 4]);
    expect(whereIs('b')[1]).toBeGreaterThan(0);
    expect(whereIs('  b')).toEqual(['  b', 6]);
    expect(whereIs('y')[0]).toBe('y');
  });

  it('counts the lines of a paragraph that was wrapped by hand', async () => {
    const wrapped =
      '<html><body>\n<p>One here.\nTwo here.\n Three <b>here.\nFour</b>.</p>\n<pre>five\nsix</pre>seven';
    const parsed = await read('a.html', wrapped);
    for (const word of ['One', 'Two', 'Three', 'Four', 'five', 'six', 'seven']) {
      const start = parsed.text.indexOf(word);
      const { line } = placeInFile(parsed, start, start + word.length);
      expect([word, line]).toEqual([word, wrapped.slice(0, wrapped.indexOf(word)).split('\n').length]);
    }
  });
});

describe('pages that were empty', () => {
  it.each([
    ['a.xhtml', '<html><head><title>T</title><script src="a.js"/></head><body><p>Hello</p></body></html>'],
    [
      'a.html',
      '<?xml version="1.0"?>\n<html><head><script src="a.js"/></head><body><p>Hello</p></body></html>',
    ],
    ['a.html', '<html><head><meta charset="utf-8"><title>T</title><style>p {}</style><p>Hello'],
  ])('%s: %s', async (name, source) => {
    const { text, blocks } = await read(name, source);
    expect(blocks.map(({ start, end }) => text.slice(start, end))).toEqual(['Hello']);
  });
});

it('looks for the end of a line once, not once a word', async () => {
  const source = `<p>${'word '.repeat(20_000)}<br>&amp; end\n<p>next`;
  const indexOf = vi.spyOn(String.prototype, 'indexOf');
  const parsed = await read('a.html', source);
  const searches = indexOf.mock.calls.filter(([sought]) => sought === '\n').length;
  indexOf.mockRestore();
  expect(searches).toBeLessThan(10);
  const start = parsed.text.indexOf('next');
  expect(placeInFile(parsed, start, start + 4).line).toBe(2);
});

/** How many tags lay in each other at most. */
async function deepestPile(run: () => Promise<unknown>): Promise<number> {
  const { unshift } = Array.prototype;
  let deepest = 0;
  const pile = vi.spyOn(Array.prototype, 'unshift').mockImplementation(function (this: unknown[], ...items) {
    deepest = Math.max(deepest, this.length + 1);
    return unshift.apply(this, items);
  });
  await run().finally(() => pile.mockRestore());
  return deepest;
}

it('takes tags that are never closed for what they are, and keeps no pile of them', async () => {
  const source = `<h1>Top<font></h1><ul><li><b>one</b></ul>${'<font>word<br>'.repeat(2000)}<table><tr><td><i>x`;
  let kinds: unknown[] = [];
  const read = async () => (kinds = (await shapes('a.html', source)).map(([kind]) => kind));
  expect(await deepestPile(read)).toBeLessThan(10);
  expect([...kinds.slice(0, 3), kinds.length, kinds.at(-1)]).toEqual([
    'heading1',
    'list',
    'paragraph',
    2003,
    'table',
  ]);
});

it.each([
  ['<div>', '</div>'],
  ['<ul><li>', '</ul>'],
  ['<pre>', '</pre>'],
  ['<svg>', '</svg>'],
  ['<table><tr><td>', '</table>'],
])('nests %s as deep as browsers do, and loses no text below', async (open, close) => {
  const inside = '<script>let no = 1</script><p>first</p><nav><nav>no</nav></nav>second';
  const source = `${open.repeat(3000)}${inside}${close.repeat(3000)}<h1>end</h1><ul><li>item`;
  let found: unknown[][] = [];
  expect(await deepestPile(async () => (found = await shapes('a.html', source)))).toBeLessThan(520);
  const texts = found.map(([, text]) => text);
  expect(texts.filter((text) => text !== '')).toEqual([
    ...(open === '<svg>' ? [] : ['first', 'second']),
    'end',
    'item',
  ]);
  expect(found.slice(-2).map(([kind]) => kind)).toEqual(['heading1', 'list']);
});

it.each([
  [
    '<h2>Head</h2><pre>a\n  b</pre>',
    [
      ['heading2', 'Head'],
      ['code', 'a\n  b'],
    ],
  ],
  ['<template><template>a</template>SECRET</template>x', [['paragraph', 'x']]],
  [
    '<ul><li><div><p><b>a</b><hr></div>b</ul>c',
    [
      ['list', 'a'],
      ['list', 'b'],
      ['paragraph', 'c'],
    ],
  ],
  [
    '<table><tr><td><div>a</div><td>b</table>c',
    [
      ['table', 'a'],
      ['table', 'b'],
      ['paragraph', 'c'],
    ],
  ],
])('reads %s in as many tags as browsers nest', async (inside, blocks) => {
  for (const depth of [0, 510, 511, 512, 3000]) {
    const source = `${'<div>'.repeat(depth)}${inside}${'</div>'.repeat(depth)}<nav>no</nav>`;
    expect(await shapes('a.html', source)).toEqual(blocks);
  }
});

it('ends tags of XHTML where they begin, however deep they lie', async () => {
  const [open, close] = ['<div>'.repeat(511), '</div>'.repeat(511)];
  const source = `<ul><li><div>${open}<div/><div>a<div/></div>${close}</div>b</li></ul>c`;
  const found = await shapes('a.xhtml', source);
  expect(found).toEqual([
    ['list', 'a'],
    ['list', 'b'],
    ['paragraph', 'c'],
  ]);
});

it('ends what is not read where it ends, however deep it lies', async () => {
  const source = `${'<template>'.repeat(600)}<nav>a</template>SECRET${'</template>'.repeat(598)}no</template>x`;
  expect(await shapes('a.html', source)).toEqual([['paragraph', 'x']]);
});

describe('PDF', () => {
  it('reads pages, headings and paragraphs', async () => {
    const bytes = makePdf([
      [{ text: 'A title', size: 24 }, { text: 'First line of text' }, { text: 'second line (of text).' }],
      [{ text: 'On page two we stop.' }],
    ]);
    const parsed = await read('a.pdf', bytes);
    expect(parsed.mediaType).toBe('application/pdf');
    expect(parsed.blocks.map(({ kind, start, end }) => [kind, parsed.text.slice(start, end)])).toEqual([
      ['heading', 'A title'],
      ['paragraph', 'First line of text\nsecond line (of text).'],
      ['paragraph', 'On page two we stop.'],
    ]);
    const start = parsed.text.indexOf('On page');
    expect(placeInFile(parsed, start, start + 7)).toMatchObject({ page: 2, start });
    expect(placeInFile(parsed, 0, 7)).toMatchObject({ page: 1, line: 1 });
  });

  it.each(['\r\n', '\n%junk\n', ''])('is known by a header behind %j', async (before) => {
    const bytes = Buffer.concat([Buffer.from(before), makePdf([[{ text: 'Some words.' }]])]);
    expect((await read('a.pdf', bytes)).text).toBe('Some words.');
    await using folder = await temporaryFolder();
    expect((await documentText(await folder.write('a.pdf', bytes))).text).toBe('Some words.');
    if (before.trim() === '') expect((await read('-', bytes)).text).toBe('Some words.');
  });

  it('is read without the pages that are damaged, and says which', async () => {
    const whole = makePdf(['One.', 'Two.', 'Three.'].map((text) => [{ text }]));
    expect(await read('a.pdf', whole)).not.toHaveProperty('warnings');
    expect(await read('a.pdf', damagePage(whole, 2))).toMatchObject({
      text: 'One.',
      warnings: [expect.stringMatching(/^pages that cannot be read: 2 to the end \(/)],
    });
    await expect(read('a.pdf', damagePage(whole, 1))).rejects.toThrow(/not a readable PDF/);
  });

  it('hears between pages that it should stop', async () => {
    const controller = new AbortController();
    const bytes = makePdf(
      Array.from({ length: 300 }, () => Array(50).fill({ text: 'The same line again.' })),
    );
    const reading = readSource('a.pdf', bytes, controller.signal);
    setImmediate(() => controller.abort(new Error('enough')));
    await expect(reading).rejects.toThrow('enough');
  });

  it('says that a PDF without text has none', async () => {
    await expect(read('a.pdf', makePdf([[]]))).rejects.toThrow(/no text/);
  });
});
