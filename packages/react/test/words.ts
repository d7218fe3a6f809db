/** A capability of these tests: its contract, as a page has it, and its implementation, as a server has it. */
import { defineCapability, implement, TriviumError } from '@trivium/protocol';
import { z } from 'zod';

export const countWords = defineCapability({
  plugin: 'words',
  name: 'count-words',
  title: 'Count words',
  description: 'Counts words, one after the other.',
  input: z.object({ text: z.string(), pauseMs: z.number().default(0) }),
  progress: z.discriminatedUnion('type', [
    z.object({ type: z.literal('word-counted'), done: z.number() }),
    z.object({ type: z.literal('text-delta'), text: z.string() }),
  ]),
  output: z.object({ words: z.number() }),
  effects: { writes: false, destructive: false, network: false },
});

export const countedWords = implement<typeof countWords>(
  countWords,
  async function* ({ text, pauseMs }, { signal }) {
    let words = 0;
    for (const word of text.split(/\s+/)) {
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      signal.throwIfAborted();
      if (word === 'fail')
        throw new TriviumError('unsupported', 'This word cannot be counted.', { field: 'text' });
      words += 1;
      yield { type: 'word-counted', done: words };
      yield { type: 'text-delta', text: `${word}\n` };
    }
    return { words };
  },
);
