/** Where markers stand in a text, and where they do not. */
import { describe, expect, it } from 'vitest';
import { codeIn, markersIn, replaceMarkers, withoutMarkers } from '../src/citation-markers.js';

const numbersIn = (text: string) => markersIn(text).map(({ numbers }) => numbers);

describe('markers', () => {
  it('have one number or several, and the blanks before them', () => {
    expect(markersIn('Both say so [1, 2].')).toEqual([{ start: 11, end: 18, blanks: ' ', numbers: [1, 2] }]);
    expect(numbersIn('[3][4]\n\n[5，6] [x] [] [1234567] [7')).toEqual([[3], [4], [5, 6]]);
    expect(markersIn('Once. \n [1]')[0]).toMatchObject({ start: 5, blanks: ' \n ' });
  });

  it('are none in code, of a line or between fences', () => {
    const text = 'In `items[1]` [1]\n\n```ts\nitems [2]\n```\n[3] and ``a`[4]`` but ` [5]\n~~~\n[6]\n~~~';
    expect(numbersIn(text)).toEqual([[1], [3], [5]]);
    expect(codeIn(text).map(({ start, end }) => text.slice(start, end))).toEqual([
      '`items[1]`',
      '```ts\nitems [2]\n```',
      '``a`[4]``',
      '~~~\n[6]\n~~~',
    ]);
  });

  it('give way to other words with the blanks before them', () => {
    expect(withoutMarkers('Costs rise [1]. So says `a[1]` [2, 3]')).toBe('Costs rise. So says `a[1]`');
    expect(
      replaceMarkers('A [1] b[2]', ({ blanks, numbers: [number = 0] }) => `${blanks}(${number + 1})`),
    ).toBe('A (2) b(3)');
  });
});
