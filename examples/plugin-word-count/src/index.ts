/** How it is done, where Node runs. Progress is what is yielded, the answer is what is returned. */
import { setImmediate, setTimeout } from 'node:timers/promises';
import { definePlugin, implement } from '@trivium/protocol';
import { count } from './contract.js';

const countWords = implement(count, async function* ({ texts, language, pauseMs }, { signal }) {
  const segmenter = new Intl.Segmenter(language, { granularity: 'word' });
  const words: number[] = [];
  for (const text of texts) {
    let found = 0;
    for (const { isWordLike } of segmenter.segment(text)) if (isWordLike) found += 1;
    words.push(found);
    yield { done: words.length, total: texts.length };
    // Whoever cancels gets a turn to say so here, and a cancelled call ends here.
    await (pauseMs > 0 ? setTimeout(pauseMs, undefined, { signal }) : setImmediate(undefined, { signal }));
  }
  return { words, total: words.reduce((sum, one) => sum + one, 0) };
});

export default definePlugin({ name: 'word-count', capabilities: [countWords] });
