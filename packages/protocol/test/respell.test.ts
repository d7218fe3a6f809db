/** Errors in the words of a surface: which words of a sentence are names of fields, and which are words. */
import { expect, test } from 'vitest';
import { respelled, TriviumError } from '../src/index.js';

const inFlags = (message: string) =>
  respelled(new TriviumError('invalid-argument', message, { field: 'model' }), (name) =>
    ['model', 'maxTokens'].includes(name) ? `--${name.replace('T', '-t')}` : undefined,
  ).message;

test('a name is what no sentence could hold, or what a statement begins with', () => {
  expect(inFlags('write: maxTokens: Too small.')).toBe('write: --max-tokens: Too small.');
  expect(inFlags('Raise maxTokens.')).toBe('Raise --max-tokens.');
  expect(inFlags('model: Expected a text.')).toBe('--model: Expected a text.');
  expect(inFlags('write: model: Expected a text.')).toBe('write: --model: Expected a text.');
});

test('the last word of a sentence before a colon is a word', () => {
  const message = 'nano is no reference to a model: it does not read hf:org/repo.';
  expect(inFlags(message)).toBe(message);
});
