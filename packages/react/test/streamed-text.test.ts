import { describe, expect, it } from 'vitest';
import { createTextBuffer, emptyText, type StreamedText } from '../src/stores/streamed-text.js';

const parts = ({ chunkCount, chunk, openPieces }: StreamedText) => [
  ...Array.from({ length: chunkCount }, (_, index) => chunk(index)),
  ...openPieces,
];

describe('streamed text', () => {
  it('is what was appended, whatever the deltas', () => {
    let state = 1;
    const random = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const alphabet = ['a', ' ', '\n', '\n\n', '好', '😀', 'word ', 'x'.repeat(3000)];
    for (let round = 0; round < 50; round += 1) {
      const buffer = createTextBuffer();
      let expected = '';
      for (let delta = 0; delta < 200; delta += 1) {
        const text = Array.from({ length: random(6) }, () => alphabet[random(alphabet.length)]).join('');
        expected += text;
        buffer.append(text);
      }
      const view = buffer.view();
      expect(String(view)).toBe(expected);
      expect(parts(view).join('')).toBe(expected);
      expect(view.length).toBe(expected.length);
      for (let index = 0; index < view.chunkCount; index += 1) expect(view.chunk(index)).toMatch(/\n$/);
    }
  });

  it('keeps a view as it was, and the same view until something is appended', () => {
    const buffer = createTextBuffer();
    expect(buffer.view()).toBe(emptyText);
    buffer.append('one\n'.repeat(600));
    const early = buffer.view();
    const before = parts(early).join('|');
    expect(buffer.view()).toBe(early);
    buffer.append('');
    expect(buffer.view()).toBe(early);
    buffer.append('two\n'.repeat(600));
    expect(parts(early).join('|')).toBe(before);
    expect(String(early)).toBe('one\n'.repeat(600));
    expect(buffer.view().chunk).toBe(early.chunk);
  });

  it('never cuts a surrogate pair', () => {
    const buffer = createTextBuffer();
    for (let at = 0; at < 6000; at += 1) buffer.append(at % 7 === 0 ? 'a' : '😀');
    for (const piece of buffer.view().openPieces) {
      expect(piece).not.toMatch(/^[\udc00-\udfff]/);
      expect(piece).not.toMatch(/[\ud800-\udbff]$/);
    }
    expect(buffer.view().openPieces.length).toBeGreaterThan(2);
  });

  it('says which chunk there is not', () => {
    expect(() => emptyText.chunk(0)).toThrow(RangeError);
    expect(() => createTextBuffer().view().chunk(3)).toThrow(RangeError);
  });
});
