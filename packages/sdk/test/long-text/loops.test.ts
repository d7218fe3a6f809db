import { expect, test } from 'vitest';
import { loopStart } from '../../src/long-text/write/loops.js';
import { factsText, randomNumbers } from './write-fakes.js';

const words = (random: ReturnType<typeof randomNumbers>, count: number, language: string) =>
  Array.from({ length: count }, () =>
    language === 'zh'
      ? String.fromCodePoint(random.between(0x4e00, 0x9000))
      : random.between(1e5, 1e9).toString(36),
  ).join(language === 'zh' ? '' : ' ');

test.each(['en', 'zh'])('a text that ends in circles is cut behind the first time round (%s)', (language) => {
  const random = randomNumbers(3);
  for (let round = 0; round < 200; round += 1) {
    const blank = language === 'zh' ? '' : ' ';
    const [before, length] = [random.between(0, 300), random.between(1, 40)];
    const unit = words(random, length, language);
    const straight = [words(random, before, language), unit].filter(Boolean).join(blank);
    const often = Math.max(6, Math.ceil(30 / length) + 2);
    const looped = `${straight}${`${blank}${unit}`.repeat(often)}`;
    expect(loopStart(looped), looped).toBe(straight.length);
    expect(loopStart(straight)).toBeUndefined();
    expect(loopStart(`${looped} ${words(random, 3, 'en')}`)).toBeUndefined();
  }
});

test('circles without blanks are seen', () => {
  expect(loopStart(`See @acme/tools${'/provider-utils'.repeat(40)}`)).toBe(
    'See @acme/tools/provider-utils'.length,
  );
});

test('what only looks alike is no circle', () => {
  expect(loopStart(factsText(200))).toBeUndefined();
  expect(loopStart(factsText(200, 'zh'))).toBeUndefined();
  expect(loopStart('| --- | --- | --- | --- |\n| a | b | c | d |\n| e | f | g | h |')).toBeUndefined();
  expect(loopStart(`${'| --- '.repeat(40)}|`)).toBeUndefined();
  expect(loopStart('ha ha ha ha ha ha ha ha')).toBeUndefined();
  expect(loopStart('')).toBeUndefined();
});
