/** Plain text: paragraphs parted by blank lines, and lines that look like chapter headings. */
import { newlineOf } from '../places.js';
import type { Block } from '../types.js';

const chapter =
  /^\s*(第\s?[一二三四五六七八九十百千零〇0-9]+\s?[章节回部卷篇]|chapter\s+[0-9ivxlc]+\b|part\s+[0-9ivxlc]+\b)/i;

export function textBlocks(text: string): { blocks: Block[]; title?: string } {
  const blocks: Block[] = [];
  let open = -1;
  let last = -1;
  let title: string | undefined;
  const close = () => {
    if (open >= 0) blocks.push({ kind: 'paragraph', start: open, end: last });
    open = -1;
  };
  for (const { start, end } of lines(text)) {
    const line = text.slice(start, end);
    if (line.trim() === '') close();
    else if (end - start < 100 && chapter.test(line)) {
      close();
      blocks.push({ kind: 'heading', start, end, level: /^\s*(第.*[部卷篇]|part)/i.test(line) ? 1 : 2 });
      title ??= line.trim();
    } else {
      if (open < 0) open = start;
      last = end;
    }
  }
  close();
  return title === undefined ? { blocks } : { blocks, title };
}

/** Where the text begins: behind a byte order mark, if there is one. */
export const beginning = (text: string) => (text.startsWith('\ufeff') ? 1 : 0);

/** Lines without their line ends. */
export function* lines(text: string): Generator<{ start: number; end: number; next: number }> {
  const newline = newlineOf(text);
  for (let start = beginning(text); start < text.length; ) {
    const found = text.indexOf(newline, start);
    const next = found < 0 ? text.length : found + 1;
    let end = found < 0 ? text.length : found;
    if (end > start && text.charCodeAt(end - 1) === 13) end--;
    yield { start, end, next };
    start = next;
  }
}
