/** Source code and data files: blocks parted at blank lines before unindented code, or runs of lines. */
import type { Block } from '../types.js';
import { beginning, lines } from './text-blocks.js';

export function codeBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  let open = -1;
  let last = -1;
  let blank = false;
  for (const { start, end } of lines(text)) {
    if (text.slice(start, end).trim() === '') {
      blank = true;
      continue;
    }
    const indented = text.charCodeAt(start) === 32 || text.charCodeAt(start) === 9;
    if (open >= 0 && blank && !indented) {
      blocks.push({ kind: 'code', start: open, end: last });
      open = -1;
    }
    if (open < 0) open = start;
    last = end;
    blank = false;
  }
  if (open >= 0) blocks.push({ kind: 'code', start: open, end: last });
  return blocks;
}

/** One block: passages part between lines (rows, entries). */
export function dataBlocks(text: string, kind: 'table' | 'code'): Block[] {
  return text.trim() === '' ? [] : [{ kind, start: beginning(text), end: text.length }];
}
