/** Pages that forget to end what is not read of them, and titles that go on. */
import { describe, expect, it } from 'vitest';
import { readSource } from '../../src/documents/readers/read-source.js';

const read = (page: string) => readSource('page.html', new TextEncoder().encode(page));

describe('what is not read of a page', () => {
  it.each([
    ['<p>before</p><nav><ul><li>x</ul><h1>Head</h1><p>after</p>', 'before x Head after'],
    ['<p>before</p><select><option>a</form><p>after</p>', 'before a after'],
    ['<p>before</p><svg><path d="M0"><p>after</p>', 'before after'],
    ['<p>before</p><math><p>after</p>', 'before after'],
    ['<body><nav>x<main>main</main><nav>skipped</nav><p>after</p></body>', 'x main after'],
    ['<nav>skipped<nav>too</nav></nav><nav>x<p>after</p>', 'x after'],
  ])('is read where nothing ends it: %s', async (page, text) => {
    const found = await read(page);
    expect(found.text.split(/\s+/).join(' ').trim()).toBe(text);
  });

  it.each(['<script>let no</p>', '<style>no', '<template>no<p>no', '<nav>no</nav>', '<svg><text>no</svg>'])(
    'stays unread: %s',
    async (end) => {
      expect((await read(`<p>text</p>${end}`)).text.trim()).toBe('text');
    },
  );
});

it('a title is cut at 200 characters, between two', async () => {
  const { title } = await read(`<title>${'a'.repeat(199)}😀${'b'.repeat(50_000)}</title><p>text`);
  expect(title).toBe('a'.repeat(199));
  expect((await read(`<h1>${'long '.repeat(2000)}</h1>`)).title).toHaveLength(200);
  expect((await read(`<title>${'b'.repeat(200)}</title><p>text`)).title).toBe('b'.repeat(200));
});
