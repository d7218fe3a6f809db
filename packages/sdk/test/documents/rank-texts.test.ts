/** How long texts part into what a ranker reads whole. Here a token is a word or a Han character. */
import { describe, expect, it } from 'vitest';
import { piecesOf } from '../../src/documents/rank-texts.js';

function spansOf(text: string): Int32Array {
  const found = [...text.matchAll(/\p{Script=Han}|[^\s\p{Script=Han}]+/gu)];
  return Int32Array.from(found.flatMap((match) => [0, match.index, match.index + match[0].length]));
}
const pieces = (text: string, room: number) => piecesOf(text, spansOf(text), room);

describe('a text that is too long', () => {
  it.each([
    ['sentences', 'One two three. Four five six. Seven eight nine. '.repeat(40)],
    ['words', 'word '.repeat(500)],
    ['Chinese', '今天天气很好。我们去公园。'.repeat(30)],
    ['Chinese without an end', '天'.repeat(300)],
    ['lines', 'a b c\n\n  d e f\n'.repeat(70)],
  ])('of %s parts into pieces that are all of it, each of at most so many tokens', (_, text) => {
    for (const room of [5, 7, 64]) {
      const parts = pieces(text, room);
      expect(parts.join('')).toBe(text);
      expect(parts.length).toBeGreaterThan(1);
      for (const part of parts) expect(spansOf(part).length / 3).toBeLessThanOrEqual(room);
    }
  });

  it('parts where sentences end, and in a long one between words', () => {
    expect(pieces('One two. Three four five. Six.', 4)).toEqual(['One two. ', 'Three four five. Six.']);
    expect(pieces('One two three four five six. Seven.', 3)).toEqual([
      'One two three ',
      'four five six. ',
      'Seven.',
    ]);
  });
});

it('a text that fits is one piece, also without a token', () => {
  expect(pieces('One two. Three.', 3)).toEqual(['One two. Three.']);
  expect(pieces('', 3)).toEqual(['']);
});
