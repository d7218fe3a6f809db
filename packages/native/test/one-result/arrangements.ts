/**
 * What is asked, and in which company. Prompts begin alike and end just before, at and after the borders of pages (64
 * tokens) and of prefill chunks; among the settings are greedy ones and sampled ones with every cut and penalty.
 */
import type { GenerateOptions, LoadModelOptions } from '../../lib/index.js';
import { randomFrom, vocabularySize } from './random-gguf.js';

export interface Arrangement {
  name: string;
  threads: number;
  /** `alone`: each in a model of its own; `in turn`: one after the other in one model; `together`: all at once. */
  order: 'alone' | 'in turn' | 'together';
  load?: LoadModelOptions;
  /** How many other requests run beside them. */
  others?: number;
  /** How many times all of `prompts` arrive and are given up within a step. */
  waves?: number;
  /** What counts is the second time in the same model. */
  again?: boolean;
}

export type Request = Omit<GenerateOptions, 'signal'> & { abortAt?: number };

function tokensFrom(seed: number, count: number): number[] {
  const random = randomFrom(seed);
  return Array.from({ length: count }, () => Math.floor(random() * vocabularySize));
}

const shared = tokensFrom(3, 200);
const sampled = {
  temperature: 0.8,
  topP: 0.95,
  repeatPenalty: 1.1,
  frequencyPenalty: 0.2,
  presencePenalty: 0.1,
};
const common = { stopTokens: [], logprobs: 4, maxTokens: 20 };

/** Every one of them must write the same in every arrangement. */
export const requests: Request[] = [
  { ...common, tokens: shared.slice(0, 63), temperature: 0 },
  { ...common, tokens: shared.slice(0, 64), ...sampled, seed: 11 },
  { ...common, tokens: shared.slice(0, 65), ...sampled, topK: 40, minP: 0.01, seed: 12 },
  {
    ...common,
    tokens: shared.slice(0, 127),
    ...sampled,
    seed: 13,
    logitBias: { 40: 3, 41: -3 },
    maxTokens: 70,
  },
  { ...common, tokens: shared.slice(0, 129), temperature: 0, repeatPenalty: 1.3 },
  { ...common, tokens: shared, ...sampled, seed: 14 },
  { ...common, tokens: tokensFrom(4, 130), ...sampled, seed: 15 },
  { ...common, tokens: tokensFrom(5, 17), ...sampled, temperature: 1.2, seed: 16 },
  { ...common, tokens: [7], ...sampled, seed: 17 },
];

/** Of all lengths; every second one is given up: in its prompt, at its first token, or later. */
export const neighbours: Request[] = Array.from({ length: 16 }, (_, index) => ({
  tokens:
    index % 5 === 0 ? shared.slice(0, 40 + 10 * index) : tokensFrom(100 + index, 1 + ((index * 37) % 230)),
  ...common,
  maxTokens: 4 + 3 * index,
  ...sampled,
  seed: 200 + index,
  ...(index % 2 === 1 && { abortAt: [0, 1, 3, 9][(index >> 1) % 4]! }),
}));

/** They fill the steps that are given up. */
export const prompts: number[][] = Array.from({ length: 4 }, (_, index) => tokensFrom(300 + index, 250));

export const reference: Arrangement = { name: 'alone, one thread', threads: 1, order: 'alone' };

/** `pageBytes`: of the model's keys and values of 64 tokens. */
export function arrangements(pageBytes: number): Arrangement[] {
  const chunk = (prefillChunk: number) => ({
    name: `together, ${prefillChunk} tokens of prompts a step`,
    threads: 2,
    order: 'together' as const,
    others: 4,
    load: { prefillChunk },
  });
  const givenUp = (threads: number) => ({
    name: `beside steps that are given up, ${threads} threads`,
    threads,
    order: 'together' as const,
    waves: 12,
  });
  return [
    { name: 'alone, two threads', threads: 2, order: 'alone' },
    { name: 'alone, four threads', threads: 4, order: 'alone' },
    { name: 'one after the other, over reused prefixes', threads: 1, order: 'in turn' },
    { name: 'again in the same model', threads: 2, order: 'in turn', again: true },
    {
      name: 'among sixteen others of which eight are cancelled, one thread',
      threads: 1,
      order: 'together',
      others: 16,
    },
    {
      name: 'among sixteen others of which eight are cancelled, four threads',
      threads: 4,
      order: 'together',
      others: 16,
      again: true,
    },
    chunk(1),
    chunk(7),
    chunk(64),
    chunk(100),
    ...[1, 2, 4].map(givenUp),
    { name: 'more at once than slots', threads: 2, order: 'together', others: 16, load: { maxSequences: 3 } },
    {
      name: 'with key/value memory for nine pages',
      threads: 2,
      order: 'together',
      others: 8,
      load: { kvMemoryBytes: 9 * pageBytes },
    },
  ];
}

/** What tells instruction sets apart is how rows are tiled and vectors are added up. */
export const arrangementsOfAnIsa: Arrangement[] = [
  { name: 'alone, four threads', threads: 4, order: 'alone' },
  { name: 'among three others, two threads', threads: 2, order: 'together', others: 3, again: true },
  { name: 'together, 7 tokens of prompts a step', threads: 2, order: 'together', load: { prefillChunk: 7 } },
];
