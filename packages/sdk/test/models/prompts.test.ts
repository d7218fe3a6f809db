/** Prompts by what a text is for, as sentence-transformers looks for them. */
import { describe, expect, it } from 'vitest';
import { promptFor } from '../../src/models/prompts.js';

const of = (prompts: Record<string, string>, defaultPrompt?: string) => ({
  path: 'model',
  prompts,
  ...(defaultPrompt !== undefined && { defaultPrompt }),
});

describe('promptFor', () => {
  it.each([
    [{ query: 'q: ', passage: 'p: ' }, 'q: ', 'p: '],
    [{ query: 'q: ', document: 'd: ', passage: 'p: ' }, 'q: ', 'd: '],
    [{ query: 'q: ', document: '' }, 'q: ', ''],
    [{ corpus: 'c: ' }, '', 'c: '],
    [{ clustering: 'x: ' }, '', ''],
  ])('%j', (prompts, query, passage) => {
    expect(promptFor(of(prompts), 'query')).toBe(query);
    expect(promptFor(of(prompts), 'passage')).toBe(passage);
  });

  it('is the default one where there is none for that', () => {
    const info = of({ query: 'q: ', plain: 'any: ' }, 'plain');
    expect(promptFor(info, 'query')).toBe('q: ');
    expect(promptFor(info, 'passage')).toBe('any: ');
  });

  it('refuses what cannot be left out of vectors', () => {
    const info = { ...of({ query: 'q: ', document: '' }), poolsPrompts: false as const };
    expect(promptFor(info, 'passage')).toBe('');
    expect(() => promptFor(info, 'query')).toThrow('"query"');
  });
});
