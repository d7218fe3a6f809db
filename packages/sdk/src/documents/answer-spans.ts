/**
 * Cuts passages into spans, the least that can answer: sentences, items of a list, rows and entries of a table, a few lines of
 * code. Refuses to know: queries, and which span is worth anything.
 */
import { chunkWidth } from './chunk-document.js';
import { blockAt, type IndexedDocument } from './indexed-document.js';
import { entryEnds, isBlank, lineEnds, sentenceEnds } from './sentences.js';
import type { Block, BlockKind } from './types.js';

export interface AnswerSpan {
  /** Offsets into the document's text, without blanks at either end. */
  start: number;
  end: number;
  kind: BlockKind;
}

/** Lines of code go together up to this many characters. */
const togetherCharacters = 160;

/** The spans of a passage in their order; they do not overlap, and between them are blanks only. */
export function passageSpans(document: IndexedDocument, chunk: number): AnswerSpan[] {
  const from = document.chunks[chunk * chunkWidth]!;
  const to = document.chunks[chunk * chunkWidth + 1]!;
  const spans: AnswerSpan[] = [];
  let start = from;
  const cut = (until: number, kind: BlockKind) => {
    const span = trimmed(document.text, start, Math.min(until, to));
    if (span.end > span.start) spans.push({ ...span, kind });
    start = Math.max(start, until);
  };
  for (let at = firstBlock(document, from); start < to; at++) {
    const block = blockAt(document, at);
    if (!block || block.start >= to) break;
    cut(block.start, 'paragraph'); // what stands between blocks
    for (const until of endsOf(block, document.text)) if (until > start && start < to) cut(until, block.kind);
  }
  cut(to, 'paragraph');
  return spans;
}

/** The first block that ends behind an offset. */
function firstBlock({ blocks }: IndexedDocument, offset: number): number {
  let low = 0;
  let high = blocks.length / 4;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (blocks[middle * 4 + 2]! > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

function endsOf({ kind, start, end }: Block, text: string): number[] {
  if (kind === 'heading') return [end];
  if (kind === 'paragraph' || kind === 'list') return sentenceEnds(text, start, end);
  if (kind === 'table' && text[start] === '<') return entryEnds(text, start, end);
  const ends = lineEnds(text, start, end);
  return kind === 'table' ? ends : together(start, ends);
}

function together(start: number, ends: readonly number[]): number[] {
  let from = start;
  return ends.filter((until, at) => {
    const next = ends[at + 1];
    const isFull = next === undefined || next - from > togetherCharacters;
    if (isFull) from = until;
    return isFull;
  });
}

function trimmed(text: string, start: number, end: number): { start: number; end: number } {
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return { start, end };
}
