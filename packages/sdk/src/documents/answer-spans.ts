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

/** Ends of the spans of blocks of code, by the number of the block. */
export type CodeEnds = Map<number, readonly number[]>;

/**
 * The spans of a passage in their order; they do not overlap, and between them are blanks only. It looks at no more of a
 * block than the passage, for a file without blank lines is one block.
 * @param codeEnds What was found for other passages of the document: lines of code go together from the head of their block on.
 */
export function passageSpans(
  document: IndexedDocument,
  chunk: number,
  codeEnds: CodeEnds = new Map(),
): AnswerSpan[] {
  const { text } = document;
  const from = document.chunks[chunk * chunkWidth]!;
  const to = document.chunks[chunk * chunkWidth + 1]!;
  const spans: AnswerSpan[] = [];
  let start = from;
  const cut = (until: number, kind: BlockKind) => {
    const span = trimmed(text, start, Math.min(until, to));
    if (span.end > span.start) spans.push({ ...span, kind });
    start = Math.max(start, until);
  };
  for (let at = firstBlock(document, from); start < to; at++) {
    const block = blockAt(document, at);
    if (!block || block.start >= to) break;
    cut(block.start, 'paragraph'); // what stands between blocks
    if (block.kind === 'code' && !codeEnds.has(at))
      codeEnds.set(at, [...fewLineEnds(text, block.start, block.end)]);
    const part = { from: start, to: Math.min(block.end, to) };
    const ends = codeEnds.get(at) ?? endsOf(block, text, part);
    for (const until of ends) if (until > start && start < to) cut(until, block.kind);
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

function endsOf({ kind, start, end }: Block, text: string, part: { from: number; to: number }): number[] {
  if (kind === 'heading') return [end];
  if (kind === 'paragraph' || kind === 'list') return sentenceEnds(text, start, end, part);
  if (kind === 'table' && text[start] === '<') return entryEnds(text, start, end, part);
  return [...lineEnds(text, part.from, part.to)];
}

/** Offsets one past each few lines of `text.slice(start, end)`, as they are asked for; the last is `end`. */
export function* fewLineEnds(text: string, start: number, end: number): Generator<number> {
  let from = start;
  let until = start;
  for (const next of lineEnds(text, start, end)) {
    if (until > from && next - from > togetherCharacters) {
      yield until;
      from = until;
    }
    until = next;
  }
  if (until > from) yield until;
}

function trimmed(text: string, start: number, end: number): { start: number; end: number } {
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return { start, end };
}
