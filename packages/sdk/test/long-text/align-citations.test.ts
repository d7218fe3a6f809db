/** Sentences that repeat a passage get its number; those that only sound like one, or change its facts, get none. */
import { describe, expect, it } from 'vitest';
import { alignCitations } from '../../src/long-text/write/align-citations.js';
import type { Passage } from '../../src/long-text/write/passages.js';

const passage = (number: number, text: string): Passage => ({
  number,
  text,
  path: 'a.md',
  start: 0,
  end: text.length,
});
const shown = [
  passage(
    3,
    'Green tea is steeped for two minutes at eighty degrees. It turns bitter when it is left for longer.',
  ),
  passage(
    7,
    'Espresso is pressed at 9 bar for half a minute, and served in a small cup that has been warmed.',
  ),
  passage(9, '绿茶应当在八十度的水中浸泡两分钟，时间过长就会变得苦涩。'),
];
const align = async (text: string) => (await alignCitations(text, shown)).text;

describe('a sentence', () => {
  const examples: [string, string, string][] = [
    ['that repeats a passage', 'Green tea is steeped for two minutes at eighty degrees.', 'Green tea is steeped for two minutes at eighty degrees [3].'],
    ['that takes over most of it', 'Note that espresso is pressed at 9 bar for half a minute!', 'Note that espresso is pressed at 9 bar for half a minute [7]!'],
    ['in Chinese', '绿茶应当在八十度的水中浸泡两分钟。', '绿茶应当在八十度的水中浸泡两分钟 [9]。'],
    ['without an end', 'Green tea is steeped for two minutes at eighty degrees', 'Green tea is steeped for two minutes at eighty degrees [3]'],
    ['of the same words in another order', 'At eighty degrees two minutes is how green tea is steeped.', 'At eighty degrees two minutes is how green tea is steeped.'],
    ['with another number', 'Espresso is pressed at 12 bar for half a minute, and served in a small cup.', 'Espresso is pressed at 12 bar for half a minute, and served in a small cup.'],
    ['that is half its own', 'Green tea is steeped for whoever likes it in the morning or late at night.', 'Green tea is steeped for whoever likes it in the morning or late at night.'],
    ['that is too short to tell', 'Green tea is steeped.', 'Green tea is steeped.'],
    ['that is a heading', '## Green tea is steeped for two minutes at eighty degrees', '## Green tea is steeped for two minutes at eighty degrees'],
    ['that cites already', 'Green tea is steeped for two minutes at eighty degrees [7].', 'Green tea is steeped for two minutes at eighty degrees [7].'],
    ['whose marker stands behind its end', 'Green tea is steeped for two minutes at eighty degrees. [7]', 'Green tea is steeped for two minutes at eighty degrees. [7]'],
  ]; // biome-ignore format: a table
  it.each(examples)('%s', async (_, text, expected) => {
    expect(await align(text)).toBe(expected);
  });
});

it('leaves every other character where it was, and counts what it added', async () => {
  const text =
    'Tea.\n\nGreen tea is steeped for two minutes at eighty degrees. [7] It turns bitter when it is left for longer.\n- So it is.\n';
  const { text: aligned, added } = await alignCitations(text, shown);
  expect(aligned.replaceAll(' [3]', '')).toBe(text);
  expect([added, aligned.match(/\[3\]/g)?.length]).toEqual([1, 1]);
});

it('puts no number into code', async () => {
  const fenced = '```\n# Green tea is steeped for two minutes at eighty degrees.\n```\n';
  expect(await align(fenced)).toBe(fenced);
  expect(await align('`Green tea is steeped for two minutes at eighty degrees.`')).toBe(
    '`Green tea is steeped for two minutes at eighty degrees.` [3]',
  );
});

it('looks at the passages alone that were shown', async () => {
  const text = 'Green tea is steeped for two minutes at eighty degrees.';
  expect(await alignCitations(text, shown.slice(1))).toEqual({ text, added: 0 });
});
