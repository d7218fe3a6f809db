/** Markdown that grows: what is parsed piece by piece is what the whole would be, and what is finished is parsed once. */
import type { RootContent } from 'mdast';
import { describe, expect, it } from 'vitest';
import { blocksOf, createBlockParser } from '../src/text/markdown-blocks.js';

/** Without positions, which count from where a piece began, and are not shown. */
const shown = (blocks: readonly RootContent[]) =>
  JSON.stringify(blocks, (key, value) => (key === 'position' ? undefined : value));

/** Lines that begin, continue, end or turn into something else what stands before them. */
const lines = [
  ...[
    '',
    '',
    '',
    ' ',
    '\t',
    'word',
    'two words ',
    'hard  ',
    'back\\',
    '**bold',
    'bold** end',
    '`code',
    'a|b',
    '|a|b|',
  ],
  ...[
    '---',
    '--|--',
    '|---|:-:|',
    '===',
    '-',
    '- a',
    '* a',
    '+',
    '1. a',
    '2) b',
    '10. c',
    '  - in',
    '    deep',
    '\tdeep',
  ],
  ...[
    '  word',
    '   three',
    '> q',
    '>',
    '> - q',
    '> ```',
    '```',
    '```js',
    '~~~',
    '    ```',
    '# h',
    '#',
    '#no',
    '####### no',
  ],
  ...[
    '***',
    '* * *',
    '_ _ _',
    '<div>',
    '</div>',
    '<!-- a',
    'b -->',
    '<b>in</b>',
    '<?x',
    '?>',
    '<script>',
    '</script>',
  ],
  ...[
    '[1]: a.md',
    '[a]: <b>',
    '[a]: b "t',
    't"',
    '[a]',
    '[1]',
    '![p](q)',
    '[^1]: note',
    '\\',
    '&amp;',
    '\ufeffmark',
    '中文 [2]',
  ],
];
const ends = ['\n', '\n', '\n', '\n\n', '\r\n', '\r'];

/** Numbers below 1 of a seed, the same in every run. */
function numbersOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function textOf(next: () => number): string {
  const one = <Item>(items: readonly Item[]) => items[Math.floor(next() * items.length)]!;
  return Array.from({ length: 1 + Math.floor(next() * 14) }, () => one(lines) + one(ends)).join('');
}

/** Prefixes as a stream has them: pieces of no character or many, cut anywhere. */
function* prefixesOf(text: string, next: () => number): Generator<string, void, void> {
  for (let at = 0; at < text.length; at += 1 + Math.floor(next() ** 3 * 12)) yield text.slice(0, at);
  yield text;
}

describe('blocks of a Markdown text that grows', () => {
  it('are at each moment those of the whole text until then, whatever it is and however it is cut', () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const next = numbersOf(seed);
      const text = textOf(next);
      const parse = createBlockParser();
      for (const prefix of prefixesOf(text, next))
        expect(`${shown(parse(prefix))} of ${prefix}`).toBe(`${shown(blocksOf(prefix))} of ${prefix}`);
    }
  });

  it('are the same objects once another block stands apart behind them', () => {
    const parse = createBlockParser();
    const [first] = parse('One\n\n- two\n- three\n');
    const [again, list] = parse('One\n\n- two\n- three\n\nFour\n\n');
    const blocks = parse('One\n\n- two\n- three\n\nFour\n\nFive');
    expect(again).toBe(first);
    expect(blocks[0]).toBe(first);
    expect(blocks[1]).toBe(list);
    expect(blocks).toHaveLength(4);
  });

  it('begin anew where the text is another one', () => {
    const parse = createBlockParser();
    parse('One\n\nTwo\n\nThree\n');
    expect(shown(parse('One\n\nOther'))).toBe(shown(blocksOf('One\n\nOther')));
    expect(parse('')).toEqual([]);
  });
});
