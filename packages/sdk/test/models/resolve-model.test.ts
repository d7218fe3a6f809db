/** References as people write them: which file a name of nano means, and what is said of a name that is none. */
import { embedModelFile, languageModelFile, rankModelFile, staticModelFile } from '@trivium/nano';
import { describe, expect, test } from 'vitest';
import { nanoNames, resolveModel } from '../../src/models/resolve-model.js';

describe('names of nano', () => {
  test.each([
    ['nano', 'language', languageModelFile],
    ['nano', undefined, languageModelFile],
    ['nano', 'embedding', staticModelFile],
    ['nano', 'reranking', rankModelFile],
    ['nano-static', 'language', staticModelFile],
    ['nano-static', 'embedding', staticModelFile],
    ['nano-contextual', 'language', embedModelFile],
    ['nano-contextual', 'embedding', embedModelFile],
  ] as const)('%s for %s', (name, purpose, path) => {
    expect(resolveModel(name, purpose)).toEqual({ kind: 'file', path });
  });

  test('are told to whoever names no model', () => {
    expect(() => resolveModel('nani')).toThrow(
      expect.objectContaining({ code: 'not-found', expected: expect.stringContaining(nanoNames.join(', ')) }),
    );
  });
});
