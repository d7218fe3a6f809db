/**
 * Widens a search hit to what stands around it, so that a citation says enough to be read alone.
 * Refuses to know: ranking.
 */
import { lineEnds, sentenceEnds } from '../documents/sentences.js';
import type { Block, SearchHit, SourceText } from '../documents/types.js';

export const citationCharacters = 1000;

export interface WidenOptions {
  /** Characters at most; default 1,000. */
  limit?: number;
  /** Whether the room goes to what precedes in the section before what follows in it; default false. */
  backFirst?: boolean;
}

interface Range {
  start: number;
  end: number;
}

/**
 * At most `limit` characters around the hit: what follows and what precedes in its section, with its heading, then the
 * next sections; whole blocks, and at the end as many lines or sentences of the next one as there is room for.
 */
export function widenHit(
  hit: SearchHit,
  source: SourceText,
  { limit = citationCharacters, backFirst = false }: WidenOptions = {},
): SearchHit {
  // In HTML and PDF offsets are the file's, not the text's: such a hit stays as it is.
  if (source.text.slice(hit.start, hit.end) !== hit.text || hit.text.length >= limit) return hit;
  const { blocks } = source;
  let range: Range = hit;
  if (!backFirst) range = forwards(range, blocks, limit, false);
  range = backwards(range, blocks, limit);
  // What room is left goes to what follows: a problem's section is often followed by its solution's.
  range = forwards(range, blocks, limit, true);
  const { start, end } = intoNextBlock(range, source, limit);
  const line = hit.line - (source.text.slice(start, hit.start).match(/\n/g)?.length ?? 0);
  return { ...hit, start, end, line, text: source.text.slice(start, end) };
}

function forwards({ start, end }: Range, blocks: readonly Block[], limit: number, acrossHeadings: boolean) {
  for (let i = firstAfter(blocks, end); i < blocks.length; i++) {
    const block = blocks[i]!;
    if ((block.kind === 'heading' && !acrossHeadings) || block.end - start > limit) break;
    end = block.end;
  }
  return { start, end };
}

function backwards({ start, end }: Range, blocks: readonly Block[], limit: number) {
  for (let i = lastBefore(blocks, start); i >= 0; i--) {
    const block = blocks[i]!;
    if (end - block.start > limit) break;
    start = block.start;
    if (block.kind === 'heading') break;
  }
  return { start, end };
}

/** Also where the hit itself ends inside a block. */
function intoNextBlock({ start, end }: Range, { text, blocks }: SourceText, limit: number): Range {
  const next = blocks.find((block) => block.end > end);
  if (!next || next.kind === 'heading' || next.start - end > 4) return { start, end };
  const from = Math.max(end, next.start);
  const ends =
    next.kind === 'paragraph' ? sentenceEnds(text, from, next.end) : lineEnds(text, from, next.end);
  for (const until of ends) if (until - start <= limit) end = Math.max(end, until);
  while (end > start && /\s/.test(text[end - 1]!)) end--;
  return { start, end };
}

const firstAfter = (blocks: readonly Block[], offset: number) => {
  const index = blocks.findIndex((block) => block.start >= offset);
  return index < 0 ? blocks.length : index;
};

const lastBefore = (blocks: readonly Block[], offset: number) =>
  blocks.findLastIndex((block) => block.end <= offset);
