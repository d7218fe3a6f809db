/** What a GGUF file says of sampling, read: 32-bit floats as they were meant, nonsense left out. */
import { describe, expect, test } from 'vitest';
import { samplingDefaultsOf } from '../lib/sampling-defaults.js';

describe('general.sampling.*', () => {
  test('is read by the names of llama.cpp', () => {
    expect(
      samplingDefaultsOf({
        'general.sampling.temp': Math.fround(0.6),
        'general.sampling.top_k': 20,
        'general.sampling.top_p': Math.fround(0.95),
        'general.sampling.min_p': 0,
        'general.sampling.penalty_repeat': Math.fround(1.1),
        'general.sampling.penalty_last_n': 64,
        'general.sampling.mirostat': 2,
        'general.name': 'x',
      }),
    ).toEqual({ temperature: 0.6, topK: 20, topP: 0.95, minP: 0, repeatPenalty: 1.1 });
  });

  test('says nothing where a file does not, or says nonsense', () => {
    expect(samplingDefaultsOf({ 'general.name': 'x' })).toBeUndefined();
    expect(
      samplingDefaultsOf({
        'general.sampling.temp': -1,
        'general.sampling.top_k': 1.5,
        'general.sampling.top_p': 0,
        'general.sampling.min_p': '0.1',
        'general.sampling.penalty_repeat': Number.NaN,
      }),
    ).toBeUndefined();
    expect(
      samplingDefaultsOf({ 'general.sampling.penalty_repeat': 1.1, 'general.sampling.penalty_last_n': 0 }),
    ).toBeUndefined();
  });
});
