/**
 * Widens a search hit to whole neighbouring blocks of its section, so that a citation says enough to be read alone.
 * Refuses to know: ranking.
 */
import type { Block, SearchHit, SourceText } from '../documents/types.js';

export const citationCharacters = 1000;

/**
 * At most `limit` characters around the hit: first what follows in its section, then what precedes, with its
 * heading, then the next sections. */
export function widenHit(hit: SearchHit, source: SourceText, limit = citationCharacters): SearchHit {
  // In HTML and PDF offsets are the file's, not the text's: such a hit stays as it is.
  if (source.text.slice(hit.start, hit.end) !== hit.text || hit.text.length >= limit) return hit;
  let { start, end } = hit;
  const { blocks } = source;
  const fits = (from: number, to: number) => to - from <= limit;
  const extend = (acrossHeadings: boolean) => {
    for (let i = firstAfter(blocks, end); i < blocks.length; i++) {
      const block = blocks[i] as Block;
      if ((block.kind === 'heading' && !acrossHeadings) || !fits(start, block.end)) break;
      end = block.end;
    }
  };
  extend(false);
  for (let i = lastBefore(blocks, start); i >= 0; i--) {
    const block = blocks[i] as Block;
    if (!fits(block.start, end)) break;
    start = block.start;
    if (block.kind === 'heading') break;
  }
  // What room is left goes to what follows: a problem's section is often followed by its solution's.
  extend(true);
  const before = source.text.slice(start, hit.start);
  const line = hit.line - (before.match(/\n/g)?.length ?? 0);
  return { ...hit, start, end, line, text: source.text.slice(start, end) };
}

const firstAfter = (blocks: readonly Block[], offset: number) => {
  const index = blocks.findIndex((block) => block.start >= offset);
  return index < 0 ? blocks.length : index;
};

const lastBefore = (blocks: readonly Block[], offset: number) =>
  blocks.findLastIndex((block) => block.end <= offset);
