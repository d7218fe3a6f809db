import { expect, test } from 'vitest';
import { segmentEnds, splitSentences } from '../../src/long-text/sentences.js';

const texts = (text: string) => splitSentences(text).map((sentence) => sentence.text);

test.each([
  [
    'Mr. Smith met Dr. J. R. Watson. They left at 3.14 p.m. and slept.',
    ['Mr. Smith met Dr. J. R. Watson.', 'They left at 3.14 p.m. and slept.'],
  ],
  [
    '"Stop!" he cried. "Why?" Retief asked. He ran.',
    ['"Stop!" he cried.', '"Why?" Retief asked.', 'He ran.'],
  ],
  ['他走了。“好！”他说。我们留下？是的！', ['他走了。', '“好！”他说。', '我们留下？', '是的！']],
  [
    'It costs $3.50 (e.g. in shops). Use file.ts now. See Fig. 2.',
    ['It costs $3.50 (e.g. in shops).', 'Use file.ts now.', 'See Fig. 2.'],
  ],
  [
    '# A title\nSome text that\nwraps. More.\n\n- one\n- two',
    ['# A title', 'Some text that\nwraps.', 'More.', '- one', '- two'],
  ],
  ['हमने देखा। वह आगरा में है।', ['हमने देखा।', 'वह आगरा में है।']],
  ['هل رأيتم الأقصر؟ ہم نے دیکھا۔', ['هل رأيتم الأقصر؟', 'ہم نے دیکھا۔']],
  ['He paused… then spoke. "Well..." and so on.', ['He paused… then spoke.', '"Well..." and so on.']],
])('splits %j', (text, expected) => {
  expect(texts(text)).toEqual(expected);
});

test('segments cover any text and offsets slice back', () => {
  const pieces = [
    'Mr. ',
    'word ',
    '。',
    '！”',
    '. ',
    '? ',
    '"',
    '”',
    '他说',
    '\n',
    '\n\n',
    '# ',
    '- ',
    '😀',
    '\ud800',
    '3.14',
    'U.S. ',
    '  ',
  ];
  let state = 42;
  const next = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let round = 0; round < 2000; round++) {
    const text = Array.from({ length: next(40) }, () => pieces[next(pieces.length)]).join('');
    const ends = [...segmentEnds(text)];
    expect(ends.at(-1) ?? 0).toBe(text.length);
    expect(ends).toEqual([...new Set(ends)].sort((a, b) => a - b));
    const sentences = splitSentences(text);
    let outside = '';
    let from = 0;
    for (const { start, end, text: sentence } of sentences) {
      expect(text.slice(start, end)).toBe(sentence);
      outside += text.slice(from, start);
      from = end;
    }
    expect((outside + text.slice(from)).trim()).toBe('');
  }
});

test('long lines, long runs of blanks and long headings are gone through once', () => {
  const sentence = 'The quick brown fox jumps over it. ';
  const blanks = ' '.repeat(500_000);
  expect(splitSentences(sentence.repeat(20_000))).toHaveLength(20_000);
  expect(texts(`It begins. ${blanks}It ends.`)).toEqual(['It begins.', 'It ends.']);
  expect(texts(`# Title ${blanks}\n${blanks}Said below.`)).toEqual(['# Title', 'Said below.']);
});
