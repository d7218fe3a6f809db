/** What one answer may weigh: cut where it can be cut, and said so; refused where it cannot. */
import { describe, expect, it } from 'vitest';
import { capAnswer } from '../src/surface/cap-answer.js';
import { textBlock } from '../src/surface/content.js';

const limits = { outputBytes: 1000, textCharacters: 10 };

describe('an answer', () => {
  it('that is small passes as it is', () => {
    const answer = { content: [textBlock('short')], structured: { a: 1 }, isError: false };
    expect(capAnswer(answer, limits)).toBe(answer);
  });

  it('whose text is long is cut, says so, and cuts no character in two', () => {
    const content = [textBlock('12345'), textBlock('6789🍵tea'), textBlock('more')];
    const cut = capAnswer({ content, structured: {}, isError: false }, limits).content;
    expect(cut[0]).toEqual(textBlock('12345'));
    expect(cut[1]).toEqual(
      textBlock('6789\n[Cut: 4 of 9 characters are shown; structuredContent has all of it.]'),
    );
    expect(cut[2]).toMatchObject({ text: expect.stringContaining('Cut: 0 of 4') });
    const alone = capAnswer({ content: [textBlock('x'.repeat(20))], isError: false }, limits).content;
    expect(alone[0]).toMatchObject({ text: expect.stringContaining('ask for less') });
  });

  it('whose data is large is refused with a remedy', () => {
    const large = { content: [], structured: { text: 'x'.repeat(2000) }, isError: false };
    expect(() => capAnswer(large, limits)).toThrow(
      expect.objectContaining({ code: 'too-large', remedy: expect.stringContaining('--max-output-bytes') }),
    );
    const picture = { type: 'image' as const, data: 'A'.repeat(2000), mimeType: 'image/png' };
    expect(() => capAnswer({ content: [picture], isError: false }, limits)).toThrow('larger than');
  });
});
