/** What the plugin offers, in a file that runs anywhere: a page imports this and nothing else. */
import { defineCapability } from '@trivium/protocol';
import { z } from 'zod';

export const count = defineCapability({
  plugin: 'word-count',
  name: 'count',
  title: 'Count words',
  description: 'Counts the words of texts in any language, Chinese and Japanese too.',
  input: z.object({
    texts: z.array(z.string()).min(1).describe('The texts, one result each.'),
    language: z.string().default('en').describe('The language of the texts, as a BCP 47 tag.'),
    pauseMs: z.number().int().min(0).default(0).describe('Milliseconds to rest after each text.'),
  }),
  progress: z.object({ done: z.number().int(), total: z.number().int() }),
  output: z.object({ words: z.array(z.number().int()), total: z.number().int() }),
  effects: { writes: false, destructive: false, network: false },
  commandLine: {
    positional: 'texts',
    standardInput: 'texts',
    examples: ['word-count count "How many?" "Three, with this."'],
  },
  readable: ({ words, total }) => [...words, `${total} in all`].join('\n'),
});
