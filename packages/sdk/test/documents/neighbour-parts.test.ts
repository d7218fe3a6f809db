import { describe, expect, it } from 'vitest';
import { neighbourParts } from '../../src/documents/neighbour-parts.js';

const documentOf = (chunk: number) => Math.floor(chunk / 10);

describe('what other candidates say', () => {
  it('is the better of the passages next to it, and how many there are of its document', () => {
    const { near, siblings } = neighbourParts([4, 3, 5, 17], documentOf, Float32Array.of(0.5, 0.75, 1, 0.25));
    expect([...near]).toEqual([1, 0.5, 0.5, 0.25]);
    expect([...siblings]).toEqual([2, 2, 2, 0]);
  });

  it('does not look across the border of a document', () => {
    const { near } = neighbourParts([9, 10], documentOf, Float32Array.of(0.5, 1));
    expect([...near]).toEqual([0.5, 0.5]);
  });

  it('is nothing for no candidates', () => {
    expect(neighbourParts([], documentOf, new Float32Array()).near).toHaveLength(0);
  });
});
