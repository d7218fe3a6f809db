import { expect, it } from 'vitest';
import { plainWords } from '../../src/documents/plain-words.js';

it.each([
  ['**Bold** and `code`, [a link](https://x.y/z) ![picture](p.png)', 'Bold and code , a link picture'],
  ['a<br/>b <b>c</b> <div class="x">d</div> x<sup>2</sup>', 'a b c d x 2'],
  ['a < b and `c > d`', 'a < b and c d'],
  ['returns Promise<string> or Map<Key, Value>', 'returns Promise<string or Map<Key, Value'],
  [
    "<PropertiesTable\n  content={[{ name: 'wait', description: 'Seconds. Defaults to 5.' }]}\n/>",
    "{ { name: 'wait', description: 'Seconds. Defaults to 5.' } }",
  ],
  ['<Snippet text={`import { a } from "b"`} /> after', '{ import { a } from "b" } after'],
  ['<!-- hidden --> seen <Card icon="x">inside</Card>', 'seen inside'],
])('%s', (text, words) => {
  expect(plainWords(text)).toBe(words);
});
