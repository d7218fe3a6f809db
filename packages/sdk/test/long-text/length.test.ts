/** Cuts of text at sentence ends: where they fall, and what they cost. */
import { expect, it, vi } from 'vitest';
import { countWords } from '../../src/long-text/words.js';
import { cutNear } from '../../src/long-text/write/length.js';

const texts = {
  English: 'Tea is steeped for two minutes [1]. It cools. "Was it hot?" Nobody knows, said 3.5 of them! ',
  Chinese: '茶要泡两分钟[1]。然后变凉。“烫吗？”没有人知道!',
};

it.each(Object.entries(texts))('cuts %s at the sentence end that comes nearest', (_, piece) => {
  const text = piece.repeat(30).trim();
  const ends = [...text.matchAll(/[.!?。！？]["”]?(?: ?\[1\][.。])?(?=\s|$|\p{Script=Han}|“)/gu)].map(
    ({ index, 0: end }) => index + end.length,
  );
  for (const words of [3, 60, 61.5, 150, 10_000]) {
    const { text: cut, isBroken } = cutNear(text, words);
    const distances = ends.map((end) => Math.abs(countWords(text.slice(0, end)) - words));
    expect([isBroken, text.startsWith(cut)]).toEqual([false, true]);
    expect(Math.abs(countWords(cut) - words)).toBeLessThanOrEqual(Math.min(...distances) + 1e-6);
  }
});

it('goes on behind sentences without words', () => {
  expect(cutNear('One two. … … Three four. Five.', 4).text).toBe('One two. … … Three four.');
});

it('counts each word once', () => {
  const text = texts.English.repeat(500);
  const { match } = String.prototype;
  let characters = 0;
  const counted = vi.spyOn(String.prototype, 'match').mockImplementation(function (this: string, pattern) {
    characters += this.length;
    return match.call(this, pattern as RegExp);
  });
  cutNear(text, 8000);
  counted.mockRestore();
  expect(characters).toBeLessThan(3 * text.length);
});
