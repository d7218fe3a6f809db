/** Codes that are not ours: of plugins without types, and of newer copies of this package. */
import { describe, expect, it } from 'vitest';
import { TriviumError, type TriviumErrorCode } from '../src/errors.js';

const details = { file: 'tea.md', remedy: 'Ask again.' };

describe('a code that is none of ours', () => {
  it('is internal, and the rest is kept', () => {
    const error = new TriviumError('timeout' as TriviumErrorCode, 'The upstream took too long.', details);
    expect(error.toJSON()).toEqual({ code: 'internal', message: 'The upstream took too long.', ...details });
  });

  it('is internal when another copy of this package threw it', () => {
    class OtherError extends TriviumError {}
    const theirs = new OtherError('io', 'The upstream took too long.', details);
    Object.defineProperty(theirs, 'code', { value: 'timeout' });
    const error = TriviumError.from(theirs);
    expect(error.toJSON()).toEqual({ code: 'internal', message: 'The upstream took too long.', ...details });
    expect(error.cause).toBe(theirs);
  });

  it('is told from one that is, which stays the same error', () => {
    const ours = new TriviumError('busy', 'Too many wait.');
    expect(TriviumError.from(ours)).toBe(ours);
  });
});
