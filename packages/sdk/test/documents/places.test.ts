/** Places of an HTML text in its markup, where one run is long. */
import { expect, it, vi } from 'vitest';
import { placeInFile } from '../../src/documents/places.js';
import { readSource } from '../../src/documents/readers/read-source.js';

const read = (markup: string) => readSource('a.html', new TextEncoder().encode(markup));

it.each(['\n', '\r\n', '\r'])(
  'each line of preformatted text is found, lines ending with %j',
  async (newline) => {
    const lines = Array.from({ length: 60 }, (_, at) =>
      at % 7 ? `line${at};` : ` <b>line${at};</b> &amp; on`,
    );
    const markup = `<h1>Log</h1>${newline}<p>one${newline}two;</p><pre>${newline}${lines.join(newline)}</pre>${newline}<p>end;`;
    const parsed = await read(markup);
    for (const word of ['one', 'two;', ...lines.map((_, at) => `line${at};`), 'end;']) {
      const start = parsed.text.indexOf(word);
      const place = placeInFile(parsed, start, start + word.length);
      expect(markup.slice(place.start, place.end)).toBe(word);
      expect([word, place.line]).toEqual([word, markup.slice(0, place.start).split('\n').length]);
    }
  },
);

it('the lines of preformatted text are counted once, not once a place', async () => {
  const parsed = await read(`<pre>${'an entry of the log\n'.repeat(2000)}</pre>`);
  const indexOf = vi.spyOn(String.prototype, 'indexOf');
  for (let start = 0; start < parsed.text.length; start += 20) placeInFile(parsed, start, start + 19);
  const searches = indexOf.mock.calls.length;
  indexOf.mockRestore();
  expect(searches).toBeLessThan(3000);
});
